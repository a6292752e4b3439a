"""POST /v1/account-openings: what the SDK's signup flow begins with."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.connections.account_opening import AccountOpeningRequest, OpeningCreated
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.start_account_opening import start_account_opening

keys, openings = stores.idempotency_keys(), stores.account_openings()
budget = services.request_budget()


@endpoint()
def handler(request: Request) -> Response:
    budget.spend(request.user, Budgeted.CREATE)
    body = parse_body(AccountOpeningRequest, request.body)
    gateway_keys = services.gateway_keys()
    started = start_account_opening(
        body,
        user=request.user,
        idempotency_key=request.idempotency_key,
        attempt=request.id,
        now=clock.now(),
        keys=keys,
        openings=openings,
        secret=gateway_keys.secret,
    )
    # Nothing of the person is kept: also a repeat's argument is made of what the request says.
    view = OpeningCreated(
        opening_id=started.opening.id,
        gateway_name=gateway_keys.gateway_name,
        smallcase_auth_token=started.token,
        signup=body.signup,
    )
    return Response.created(view, replayed=started.replayed)
