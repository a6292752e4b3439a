"""GET /v1/orders/{transactionId}: what was asked against what the exchange did; an open order is synced first."""

from gateway_backend.bootstrap import contexts
from gateway_backend.contracts.orders.views import OrderView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.transactions.read import read_order

new_context = contexts.sync_contexts()


@endpoint()
def handler(request: Request) -> Response:
    transaction_id = request.identifier("transactionId")
    transaction, batches = read_order(transaction_id, user=request.user, context=new_context())
    return Response.exact(OrderView.of(transaction, batches))
