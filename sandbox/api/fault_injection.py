"""Makes calls of Gateway's API fail as the faults in the queue say."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import exact_json
from sandbox.api.responses import exact_json_response, gateway_failure
from sandbox.errors import GatewayError
from sandbox.faults import Fault, RouteName
from sandbox.services import Services, services_of

Endpoint = Callable[[Request], Awaitable[Response]]
# `schema_drift` changes the first of these that the data contains.
DRIFTING_MEMBERS = ("securities", "transactionDetails", "orders", "investment", "transactionId")


def with_faults(route: RouteName, endpoint: Endpoint) -> Endpoint:
    async def respond(request: Request) -> Response:
        services = services_of(request)
        fault = services.faults.take(route, _accounts_of(request, services))
        if fault is None:
            return await endpoint(request)
        refusal = _refusal(fault.fault)
        if refusal:
            return refusal
        # All other faults change the answer only: the endpoint does its work as usual.
        request.state.updating = fault.fault == "updating"
        response = _changed(await endpoint(request), fault)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        return response

    return respond


def _accounts_of(request: Request, services: Services) -> set[str]:
    """The account of the connected token, and those of the transaction in the query."""
    accounts = []
    # The endpoint itself refuses an invalid token.
    with suppress(GatewayError):
        accounts.append(services.gateway_tokens.read(request.headers.get("x-gateway-authtoken", "")))
    transaction = services.transactions.get(request.query_params.get("transactionId", ""))
    if transaction:
        accounts += [transaction.auth_id, transaction.pinned_to]
    return {auth_id for auth_id in accounts if auth_id}


def _refusal(fault: str) -> Response | None:
    """The response of a fault that keeps the endpoint from being called."""
    match fault:
        case "error_500":
            return gateway_failure(500, "Internal Server Error")
        case "error_403":
            return gateway_failure(403, "Forbidden")
        case "rate_limit":
            return gateway_failure(429, "Too many requests", headers={"Retry-After": "1"})
        case "success_false":
            return JSONResponse({"success": False, "errors": "Something went wrong"})
        case "html":
            return HTMLResponse("<!doctype html><title>Just a moment</title><h1>We will be right back</h1>")
    return None


def _changed(response: Response, fault: Fault) -> Response:
    raw = bytes(response.body)
    if fault.fault == "truncated":
        return Response(raw[: len(raw) // 2], media_type="application/json")
    body = exact_json.loads(raw)
    data = body["data"]
    match fault.fault:
        case "empty_portfolio":
            data |= _empty_portfolio(data)
        case "half_portfolio":
            data |= _half_portfolio(data)
        case "updating":
            data["updating"] = True
        # The order pull has no data when there is no batch.
        case "schema_drift" if data is not None:
            _drift(data, fault.drift)
    return exact_json_response(body)


def _empty_portfolio(data: dict[str, Any]) -> dict[str, Any]:
    empty = {
        "securities": [] if isinstance(data["securities"], list) else {"holdings": []},
        "smallcases": {"public": [], "private": {"stats": {"currentValue": 0, "totalReturns": 0}}},
    }
    return empty | ({"mutualFunds": {"holdings": []}} if "mutualFunds" in data else {})


def _half_portfolio(data: dict[str, Any]) -> dict[str, Any]:
    """The first half of the securities, rounded down."""
    securities = data["securities"]
    if isinstance(securities, list):
        return {"securities": securities[: len(securities) // 2]}
    rows = securities["holdings"]
    return {"securities": {"holdings": rows[: len(rows) // 2]}}


def _drift(data: Any, drift: str) -> None:
    """Gives a member of the data another name or another type."""
    if isinstance(data, list):
        for item in data:
            _drift(item, drift)
        return
    member = next(name for name in DRIFTING_MEMBERS if name in data)
    if drift == "renamed":
        data[f"{member}List"] = data.pop(member)
    elif isinstance(data[member], list):
        data[member] = exact_json.dumps(data[member])
    else:
        data[member] = [data[member]]
