"""POST /v1/connections/{id}/refresh: newer holdings now, or the login that they need."""

from gateway_backend.bootstrap import contexts, services
from gateway_backend.contracts.refresh.views import RefreshView
from gateway_backend.contracts.transactions.request import TransactionCreated
from gateway_backend.domain.refresh.result import Refresh
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.refresh.request import request_refresh

STATUS = {Refresh.UPDATING: 202, Refresh.LOGIN_NEEDED: 201}
new_context = contexts.refresh_request_contexts()
budget = services.request_budget()


@endpoint()
def handler(request: Request) -> Response:
    budget.spend(request.user, Budgeted.REFRESH)
    account_id, key, context = request.identifier(), request.idempotency_key, new_context()
    done = request_refresh(account_id, user=request.user, idempotency_key=key, attempt=request.id, context=context)
    login, started = None, done.started
    if started:
        gateway_name = context.start.gateway.keys.gateway_name
        login = TransactionCreated.of(started.transaction, started.token, gateway_name, started.warnings)
    view = RefreshView.of(done.refresh, done.connection, done.verdict, done.next_due, login)
    return Response.created(view, STATUS.get(done.refresh, 200), replayed=done.replayed)
