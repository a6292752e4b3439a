"""GET /v1/orders: the user's order batches, newest first."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.orders.views import BatchView, OrdersView
from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.orders.filters import Filters
from gateway_backend.domain.shared import times
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.orders.list_orders import list_orders

batches = stores.batches()


@endpoint(query=("smallcaseAuthId", "status", "since", "until", "limit", "cursor"))
def handler(request: Request) -> Response:
    status = request.choice("status", ("", *BatchStatus))
    since, until = times.parse_span(request.query.get("since"), request.query.get("until"))
    filters = Filters(request.query.get("smallcaseAuthId"), BatchStatus(status) if status else None, since, until)
    scope, cursors = f"orders of {request.user}, {filters}", services.cursors()
    after = cursors.unseal(request.query.get("cursor"), scope)
    limit = request.whole_number("limit", default=20, most=100)
    page, following = list_orders(filters, user=request.user, after=after, limit=limit, batches=batches)
    views = [BatchView.of(batch) for batch in page]
    return Response.exact(OrdersView(orders=views, next_cursor=cursors.seal(following, scope)))
