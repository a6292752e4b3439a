"""POST /v1/transactions: start an interaction of the user with Gateway."""

from gateway_backend.bootstrap import contexts, services
from gateway_backend.contracts.transactions.parse_request import parse_transaction_request
from gateway_backend.contracts.transactions.request import TransactionCreated
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.transactions.start import start_transaction

new_context = contexts.start_contexts()
budget = services.request_budget()


@endpoint()
def handler(request: Request) -> Response:
    budget.spend(request.user, Budgeted.CREATE)
    body, context = parse_transaction_request(request.body), new_context()
    key = request.idempotency_key
    started = start_transaction(body, user=request.user, idempotency_key=key, attempt=request.id, context=context)
    gateway_name = context.gateway.keys.gateway_name
    view = TransactionCreated.of(started.transaction, started.token, gateway_name, started.warnings)
    return Response.created(view, replayed=started.replayed)
