"""POST /v1/account-openings: what the SDK's signup flow begins with."""

from gateway_backend.contracts.opening_api import AccountOpeningRequest, OpeningCreated
from gateway_backend.contracts.parse_body import parse_body
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.account_openings import AccountOpenings
from gateway_backend.store.idempotency import IdempotencyKeys
from gateway_backend.store.table import Table
from gateway_backend.usecases.start_account_opening import start_account_opening

table = Table(client("dynamodb"), settings().table_name)


@endpoint
def handler(request: Request) -> Response:
    wanted = parse_body(AccountOpeningRequest, request.body)
    gateway_keys = GatewayKeys.parse(gateway_secret())
    started = start_account_opening(
        wanted,
        user=request.user,
        idempotency_key=request.idempotency_key,
        attempt=request.id,
        now=clock.now(),
        keys=IdempotencyKeys(table),
        openings=AccountOpenings(table),
        secret=gateway_keys.secret,
    )
    # Nothing of the person is kept: also a repeat's argument is made of what the request says.
    view = OpeningCreated(
        opening_id=started.opening.id,
        gateway_name=gateway_keys.gateway_name,
        smallcase_auth_token=started.token,
        signup=wanted.signup,
    )
    return Response.of(view, 201, **({"idempotent_replayed": "true"} if started.replayed else {}))
