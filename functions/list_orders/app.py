"""GET /v1/orders: the user's order batches, newest first."""

from gateway_backend.contracts.order_api import BatchView, OrdersView
from gateway_backend.domain import times
from gateway_backend.domain.orders import BatchStatus
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.cursors import seal, unseal
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.order_filters import Filters
from gateway_backend.store.orders import Orders
from gateway_backend.store.table import Table

orders = Orders(Table(client("dynamodb"), settings().table_name))


@endpoint
def handler(request: Request) -> Response:
    status = request.choice("status", ("", *BatchStatus))
    since, until = times.parse_span(request.query.get("since"), request.query.get("until"))
    filters = Filters(request.query.get("smallcaseAuthId"), BatchStatus(status) if status else None, since, until)
    scope, secret = f"orders of {request.user}, {filters}", GatewayKeys.parse(gateway_secret()).secret
    position = unseal(request.query.get("cursor"), scope=scope, secret=secret)
    limit = request.whole_number("limit", default=20, most=100)
    page, following = orders.list(request.user, filters, after=position, limit=limit)
    views = [BatchView.of(known) for known in page]
    return Response.exact(OrdersView(orders=views, next_cursor=seal(following, scope=scope, secret=secret)))
