"""POST /v1/account-openings/{id}/result: how the SDK's signup flow ended."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.connections.account_opening import OpeningView
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.sdk_result import parse_sdk_result
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.complete_account_opening import complete_account_opening

openings = stores.account_openings()
budget = services.request_budget()


@endpoint()
def handler(request: Request) -> Response:
    budget.spend(request.user, Budgeted.RESULT)
    body = parse_body(ResultRequest, request.body)
    opening = complete_account_opening(
        request.identifier(),
        parse_sdk_result(body.given, rejected=body.was_rejected),
        user=request.user,
        now=clock.now(),
        openings=openings,
    )
    return Response.of(OpeningView.of(opening))
