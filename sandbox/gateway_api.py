"""The server API of Gateway, as far as partners call it (contract 2.0 to 2.6)."""

import hmac
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import exact_json
from sandbox.errors import GatewayError, bad_input
from sandbox.faults import with_faults
from sandbox.world import World


class AssetConfig(BaseModel):
    # The documented sample passes the text "true".
    mutual_funds: Annotated[StrictBool | Literal["true", "false"], Field(alias="mfHoldings")] = False


class NewTransaction(BaseModel):
    """Members that Gateway does not know are passed over, as its clients come in many versions."""

    model_config = ConfigDict(extra="ignore")

    intent: Literal["HOLDINGS_IMPORT", "CONNECT"]
    # There is no "v1": leaving it out means v1 (contract 2.1).
    version: Literal["v2"] | None = None
    asset_config: Annotated[AssetConfig, Field(alias="assetConfig")] = AssetConfig()
    notes: Annotated[StrictStr, Field(max_length=256)] | None = None


async def create_transaction(request: Request) -> Response:
    world: World = request.app.state.world
    connected = _authenticate(request, world)
    wanted = await _read(request)
    if wanted.intent == "CONNECT" and connected:
        raise bad_input("CONNECT needs a guest token: this user is connected")
    transaction = world.transactions.create(
        wanted.intent,
        version=wanted.version or "v1",
        mutual_funds=wanted.asset_config.mutual_funds in (True, "true"),
        notes=wanted.notes,
        pinned_to=connected,
    )
    return _success({"transactionId": transaction.id, "expireAt": transaction.expire_at})


async def transaction_details(request: Request) -> Response:
    world: World = request.app.state.world
    connected = _authenticate(request, world)
    transaction = world.transactions.get(request.query_params.get("transactionId", ""))
    # A connected user sees only what is theirs; the rest is unknown to them (contract 1.6).
    if transaction is None or (connected and not transaction.belongs_to(connected)):
        raise bad_input("Invalid transactionId")
    return _success({"transactionDetails": world.transactions.details(transaction)})


async def user_holdings(request: Request) -> Response:
    world: World = request.app.state.world
    connected = _authenticate(request, world)
    version = request.query_params.get("version", "v1")
    if version not in ("v1", "v2"):
        raise bad_input("version is not valid")
    if connected is None:
        raise GatewayError(403, "User has not authorised holdings import")
    snapshot = world.accounts.fetch_holdings(connected, still_updating=getattr(request.state, "updating", False))
    with_mutual_funds = request.query_params.get("mfHoldings") == "true"
    return _success(snapshot.in_version(version, with_mutual_funds=with_mutual_funds))


def _authenticate(request: Request, world: World) -> str | None:
    """The connected account, None for a guest.

    Raises: GatewayError 403 for another gateway's name, a wrong API secret or token.
    """
    settings = world.settings
    if request.path_params["gateway"] != settings.gateway_name:
        raise GatewayError(403, "invalid gateway")
    given = request.headers.get("x-gateway-secret", "")
    if not hmac.compare_digest(given.encode(), settings.api_secret.encode()):
        raise GatewayError(403, "Invalid gateway secret")
    return world.tokens.read(request.headers.get("x-gateway-authtoken", ""))


async def _read(request: Request) -> NewTransaction:
    try:
        return NewTransaction.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise bad_input(f"{where}: {first['msg']}") from error


def _success(data: dict[str, Any]) -> Response:
    text = exact_json.dumps({"success": True, "errors": None, "data": data})
    return Response(text, media_type="application/json")


routes = [
    Route("/gateway/{gateway}/transaction", with_faults("transaction", create_transaction), methods=["POST"]),
    Route("/v1/{gateway}/engine/transactiondetails", with_faults("transactiondetails", transaction_details)),
    Route("/v1/{gateway}/engine/user/holdings", with_faults("holdings", user_holdings)),
]
