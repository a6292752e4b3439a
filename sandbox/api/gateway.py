"""Gateway's server API, as far as partners call it (contract 2.0 to 2.8)."""

import hmac

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import exact_json
from sandbox.api.fault_injection import with_faults
from sandbox.api.responses import gateway_success
from sandbox.api.transaction_details import transaction_details
from sandbox.api.transaction_request import TransactionRequest
from sandbox.errors import GatewayError, invalid_input
from sandbox.services import Services, services_of


async def create_transaction(request: Request) -> Response:
    services = services_of(request)
    connected = _authenticate(request, services)
    body = await _read_body(request)
    if body.intent == "CONNECT" and connected:
        raise invalid_input("CONNECT needs a guest token: this user is connected")
    if body.needs_connected_token and not connected:
        raise invalid_input(f"{body.order_config.type or body.intent} needs a connected token")
    if body.intent == "CANCEL_ORDER":
        _check_order_is_open(services, body, connected)
    transaction = services.transactions.create(
        body.intent,
        lifetime=body.lifetime,
        request_body=exact_json.loads(await request.body()),
        branding=body.branding,
        version=body.version or "v1",
        mutual_funds=body.asset_config.mf_holdings in (True, "true"),
        notes=body.notes,
        pinned_to=connected,
    )
    return gateway_success({"transactionId": transaction.id, "expireAt": transaction.expire_at})


async def get_transaction_details(request: Request) -> Response:
    services = services_of(request)
    connected = _authenticate(request, services)
    transaction = services.transactions.get(request.query_params.get("transactionId", ""))
    # A connected user gets the same answer for another user's transaction as for none (contract 1.6).
    if transaction is None or (connected and not transaction.is_visible_to(connected)):
        raise invalid_input("Invalid transactionId")
    return gateway_success({"transactionDetails": transaction_details(services, transaction)})


async def get_orders(request: Request) -> Response:
    """The batch of a securities order; smallcase orders are only in the transaction details (contract 2.7)."""
    services = services_of(request)
    connected = _authenticate(request, services)
    transaction_id = request.query_params.get("transactionId")
    if not transaction_id:
        raise invalid_input("transactionId is required")
    transaction = services.transactions.get(transaction_id)
    if transaction is None or (connected and not transaction.is_visible_to(connected)):
        return gateway_success([])
    batch = services.order_store.of_transaction(transaction.id)
    data = batch.to_json() if batch and batch.label is None else None
    if services.orders_shape == "array":
        return gateway_success([data] if data else [])
    return gateway_success(data)


async def get_investment(request: Request) -> Response:
    services = services_of(request)
    connected = _authenticate(request, services)
    if connected is None:
        raise GatewayError(403, "User is not connected")
    investment = services.investments.get(connected, request.query_params.get("iscid", ""))
    if investment is None:
        raise invalid_input("Invalid iscid")
    amo_pending = services.order_store.has_open_amo(connected, investment.iscid)
    return gateway_success({"investment": investment.to_json(amo_pending=amo_pending)})


async def get_holdings(request: Request) -> Response:
    services = services_of(request)
    connected = _authenticate(request, services)
    version = request.query_params.get("version", "v1")
    if version not in ("v1", "v2"):
        raise invalid_input("version is not valid")
    if connected is None:
        raise GatewayError(403, "User has not authorised holdings import")
    snapshot = services.accounts.fetch_holdings(connected, still_updating=getattr(request.state, "updating", False))
    with_mutual_funds = request.query_params.get("mfHoldings") == "true"
    return gateway_success(snapshot.in_version(version, with_mutual_funds=with_mutual_funds))


def _authenticate(request: Request, services: Services) -> str | None:
    """The connected account, None for a guest.

    Raises: GatewayError 403 for another gateway's name, a wrong API secret or token.
    """
    settings = services.settings
    if request.path_params["gateway"] != settings.gateway_name:
        raise GatewayError(403, "invalid gateway")
    api_secret = request.headers.get("x-gateway-secret", "")
    if not hmac.compare_digest(api_secret.encode(), settings.api_secret.encode()):
        raise GatewayError(403, "Invalid gateway secret")
    return services.gateway_tokens.read(request.headers.get("x-gateway-authtoken", ""))


async def _read_body(request: Request) -> TransactionRequest:
    try:
        return TransactionRequest.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(part) for part in first["loc"]) or "body"
        raise invalid_input(f"{location}: {first['msg']}") from error


def _check_order_is_open(services: Services, body: TransactionRequest, connected: str | None) -> None:
    batch = services.order_store.get(body.order_config.batch_id or "")
    if batch is None or batch.auth_id != connected:
        raise invalid_input("Invalid batchId")
    order = batch.order(body.order_config.ticker or "")
    if order is None or not order.is_open:
        raise invalid_input("There is no such open order")


routes = [
    Route("/gateway/{gateway}/transaction", with_faults("transaction", create_transaction), methods=["POST"]),
    Route("/v1/{gateway}/engine/transactiondetails", with_faults("transactiondetails", get_transaction_details)),
    Route("/v1/{gateway}/engine/user/holdings", with_faults("holdings", get_holdings)),
    Route("/v1/{gateway}/engine/user/investments", with_faults("investments", get_investment)),
    Route("/v1/{gateway}/engine/orders/sst", with_faults("orders", get_orders)),
]
