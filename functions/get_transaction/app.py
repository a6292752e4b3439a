"""GET /v1/transactions/{id}: one transaction; while it is open, it is synced with Gateway first."""

from gateway_backend.bootstrap import contexts
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.transactions.read import read_transaction

new_context = contexts.sync_contexts()


@endpoint()
def handler(request: Request) -> Response:
    transaction = read_transaction(request.identifier(), user=request.user, context=new_context())
    return Response.exact(TransactionView.of(transaction))
