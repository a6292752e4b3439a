"""POST /v1/account-openings/{id}/result: how the SDK's signup flow ended."""

from gateway_backend.contracts.opening_api import OpeningView
from gateway_backend.contracts.parse_body import parse_body
from gateway_backend.contracts.result_api import ResultRequest
from gateway_backend.contracts.sdk_result import parse_sdk_result
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.account_openings import AccountOpenings
from gateway_backend.store.table import Table
from gateway_backend.usecases.complete_account_opening import complete_account_opening

openings = AccountOpenings(Table(client("dynamodb"), settings().table_name))


@endpoint
def handler(request: Request) -> Response:
    body = parse_body(ResultRequest, request.body)
    opening = complete_account_opening(
        request.identifier(),
        parse_sdk_result(body.given, rejected=body.was_rejected),
        user=request.user,
        now=clock.now(),
        openings=openings,
    )
    return Response.of(OpeningView.of(opening))
