"""POST /v1/transactions/{id}/result: what the SDK resolved or rejected with."""

from gateway_backend.bootstrap import contexts, services
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.sdk_result import parse_sdk_result
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.transactions.complete import complete_transaction

new_context = contexts.sync_contexts()
budget = services.request_budget()


@endpoint()
def handler(request: Request) -> Response:
    budget.spend(request.user, Budgeted.RESULT)
    body = parse_body(ResultRequest, request.body)
    result = parse_sdk_result(body.given, rejected=body.was_rejected)
    transaction = complete_transaction(request.identifier(), result, user=request.user, context=new_context())
    return Response.exact(TransactionView.of(transaction), 200 if transaction.is_settled else 202)
