"""The server API of Gateway, as far as partners call it (contract 2.0 to 2.8)."""

import hmac
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import exact_json
from sandbox.api.transaction_details import transaction_details
from sandbox.errors import GatewayError, invalid_input
from sandbox.faults import with_faults
from sandbox.intents import NewTransaction
from sandbox.services import Services


async def create_transaction(request: Request) -> Response:
    services: Services = request.app.state.services
    connected = _authenticate(request, services)
    wanted = await _read(request)
    if wanted.intent == "CONNECT" and connected:
        raise invalid_input("CONNECT needs a guest token: this user is connected")
    if wanted.needs_connected_token and not connected:
        raise invalid_input(f"{wanted.order_config.type or wanted.intent} needs a connected token")
    if wanted.intent == "CANCEL_ORDER":
        _check_open_order(services, wanted, connected)
    transaction = services.transactions.create(
        wanted.intent,
        lifetime=wanted.lifetime,
        request_body=exact_json.loads(await request.body()),
        branding=wanted.looks,
        version=wanted.version or "v1",
        mutual_funds=wanted.asset_config.mf_holdings in (True, "true"),
        notes=wanted.notes,
        pinned_to=connected,
    )
    return _success({"transactionId": transaction.id, "expireAt": transaction.expire_at})


def _check_open_order(services: Services, wanted: NewTransaction, connected: str | None) -> None:
    batch = services.order_store.get(wanted.order_config.batch_id or "")
    if batch is None or batch.auth_id != connected:
        raise invalid_input("Invalid batchId")
    order = batch.order(wanted.order_config.ticker or "")
    if order is None or not order.is_open:
        raise invalid_input("There is no such open order")


async def get_transaction_details(request: Request) -> Response:
    services: Services = request.app.state.services
    connected = _authenticate(request, services)
    transaction = services.transactions.get(request.query_params.get("transactionId", ""))
    # A connected user sees only what is theirs; the rest is unknown to them (contract 1.6).
    if transaction is None or (connected and not transaction.is_visible_to(connected)):
        raise invalid_input("Invalid transactionId")
    return _success({"transactionDetails": transaction_details(services, transaction)})


async def order_details(request: Request) -> Response:
    """Of securities' orders; a smallcase's are in the transaction details (contract 2.7)."""
    services: Services = request.app.state.services
    connected = _authenticate(request, services)
    transaction_id = request.query_params.get("transactionId")
    if not transaction_id:
        raise invalid_input("transactionId is required")
    transaction = services.transactions.get(transaction_id)
    if transaction is None or (connected and not transaction.is_visible_to(connected)):
        return _success([])
    batch = services.order_store.of_transaction(transaction.id)
    told = batch.to_json() if batch and batch.label is None else None
    if services.orders_shape == "array":
        return _success([told] if told else [])
    return _success(told)


async def user_investments(request: Request) -> Response:
    services: Services = request.app.state.services
    connected = _authenticate(request, services)
    if connected is None:
        raise GatewayError(403, "User is not connected")
    investment = services.investments.get(connected, request.query_params.get("iscid", ""))
    if investment is None:
        raise invalid_input("Invalid iscid")
    waits = services.order_store.has_open_amo(connected, investment.iscid)
    return _success({"investment": investment.to_json(amo_pending=waits)})


async def user_holdings(request: Request) -> Response:
    services: Services = request.app.state.services
    connected = _authenticate(request, services)
    version = request.query_params.get("version", "v1")
    if version not in ("v1", "v2"):
        raise invalid_input("version is not valid")
    if connected is None:
        raise GatewayError(403, "User has not authorised holdings import")
    snapshot = services.accounts.fetch_holdings(connected, still_updating=getattr(request.state, "updating", False))
    with_mutual_funds = request.query_params.get("mfHoldings") == "true"
    return _success(snapshot.in_version(version, with_mutual_funds=with_mutual_funds))


def _authenticate(request: Request, services: Services) -> str | None:
    """The connected account, None for a guest.

    Raises: GatewayError 403 for another gateway's name, a wrong API secret or token.
    """
    settings = services.settings
    if request.path_params["gateway"] != settings.gateway_name:
        raise GatewayError(403, "invalid gateway")
    given = request.headers.get("x-gateway-secret", "")
    if not hmac.compare_digest(given.encode(), settings.api_secret.encode()):
        raise GatewayError(403, "Invalid gateway secret")
    return services.gateway_tokens.read(request.headers.get("x-gateway-authtoken", ""))


async def _read(request: Request) -> NewTransaction:
    try:
        return NewTransaction.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise invalid_input(f"{where}: {first['msg']}") from error


def _success(data: Any) -> Response:
    text = exact_json.dumps({"success": True, "errors": None, "data": data})
    return Response(text, media_type="application/json")


routes = [
    Route("/gateway/{gateway}/transaction", with_faults("transaction", create_transaction), methods=["POST"]),
    Route("/v1/{gateway}/engine/transactiondetails", with_faults("transactiondetails", get_transaction_details)),
    Route("/v1/{gateway}/engine/user/holdings", with_faults("holdings", user_holdings)),
    Route("/v1/{gateway}/engine/user/investments", with_faults("investments", user_investments)),
    Route("/v1/{gateway}/engine/orders/sst", with_faults("orders", order_details)),
]
