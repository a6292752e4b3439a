"""Makes the next calls to a route go wrong, in the ways in which they do in real life."""

import asyncio
from collections.abc import Awaitable, Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import exact_json
from sandbox.errors import ControlError, GatewayError
from sandbox.state import State

if TYPE_CHECKING:
    from sandbox.services import Services

Endpoint = Callable[[Request], Awaitable[Response]]
RouteName = Literal["holdings", "transactiondetails", "transaction", "orders", "investments"]
Kind = Literal[
    "error_500",
    "error_403",
    "rate_limit",
    "slow",
    "timeout",
    "truncated",
    "html",
    "success_false",
    "empty_portfolio",
    "half_portfolio",
    "schema_drift",
    "updating",
]
ONLY_HOLDINGS = ("empty_portfolio", "half_portfolio", "updating")
MEMBERS_THAT_MATTER = ("securities", "transactionDetails", "orders", "investment", "transactionId")
# `slow` still answers in time, `timeout` outlasts any sensible client.
WAITS = {"slow": 3.0, "timeout": 60.0}


@dataclass
class Fault:
    route: str
    fault: str
    times: int = 1
    milliseconds: int | None = None
    drift: str = "renamed"
    # Only calls for this account; None: every call of the route.
    auth_id: str | None = None

    @property
    def seconds(self) -> float:
        return WAITS[self.fault] if self.milliseconds is None else self.milliseconds / 1000


class Faults:
    """One queue per route: of what concerns a call, that goes wrong which was asked for first."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, fault: Fault) -> None:
        if fault.fault in ONLY_HOLDINGS and fault.route != "holdings":
            raise ControlError(400, f"{fault.fault} is a fault of holdings only.")
        self._state.put("faults", fault.route, [*self._queue(fault.route), vars(fault)])

    def take(self, route: str, accounts: Set[str]) -> Fault | None:
        """The fault that strikes a call for these accounts; it has one time less from now on."""
        queue = self._queue(route)
        for place, waiting in enumerate(queue):
            fault = Fault(**waiting)
            if fault.auth_id is None or fault.auth_id in accounts:
                left = [vars(fault) | {"times": fault.times - 1}] if fault.times > 1 else []
                self._state.put("faults", route, queue[:place] + left + queue[place + 1 :])
                return fault
        return None

    def waiting(self) -> list[dict[str, Any]]:
        """What is still to go wrong, in the words in which it was asked for."""
        every = [Fault(**fault) for _, queue in self._state.items("faults") for fault in queue]
        return [_told(one) for one in every]

    def clear(self) -> None:
        for route, _ in self._state.items("faults"):
            self._state.delete("faults", route)

    def _queue(self, route: str) -> list[dict[str, Any]]:
        return self._state.get("faults", route) or []


def _told(fault: Fault) -> dict[str, Any]:
    whose = {"smallcaseAuthId": fault.auth_id} if fault.auth_id else {}
    return {"route": fault.route, "fault": fault.fault, "times": fault.times} | whose


def with_faults(route: RouteName, endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        services: Services = request.app.state.services
        fault = services.faults.take(route, _accounts_concerned(request, services))
        if fault is None:
            return await endpoint(request)
        refusal = _refusal(fault.fault)
        if refusal:
            return refusal
        # From here on the work is done all the same: only its answer suffers.
        request.state.updating = fault.fault == "updating"
        spoilt = _spoil(await endpoint(request), fault)
        if fault.fault in WAITS:
            await asyncio.sleep(fault.seconds)
        return spoilt

    return answer


def _accounts_concerned(request: Request, services: "Services") -> set[str]:
    """That of the connected token, and that of the transaction asked about."""
    concerned = []
    # A token that is refused is nobody's; saying so is left to the route.
    with suppress(GatewayError):
        concerned.append(services.gateway_tokens.read(request.headers.get("x-gateway-authtoken", "")))
    transaction = services.transactions.get(request.query_params.get("transactionId", ""))
    if transaction:
        concerned += [transaction.auth_id, transaction.pinned_to]
    return {auth_id for auth_id in concerned if auth_id}


def _refusal(fault: str) -> Response | None:
    match fault:
        case "error_500":
            return _failure(500, "Internal Server Error")
        case "error_403":
            return _failure(403, "Forbidden")
        case "rate_limit":
            return _failure(429, "Too many requests", {"Retry-After": "1"})
        case "success_false":
            return JSONResponse({"success": False, "errors": "Something went wrong"})
        case "html":
            return HTMLResponse("<!doctype html><title>Just a moment</title><h1>We will be right back</h1>")
    return None


def _failure(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"success": False, "errors": [text], "data": None}, status_code=status, headers=headers)


def _spoil(answer: Response, fault: Fault) -> Response:
    raw = bytes(answer.body)
    if fault.fault == "truncated":
        return Response(raw[: len(raw) // 2], media_type="application/json")
    body = exact_json.loads(raw)
    data = body["data"]
    match fault.fault:
        case "empty_portfolio":
            data |= _emptied(data)
        case "half_portfolio":
            data |= _halved(data)
        case "updating":
            data["updating"] = True
        # Of no order there is nothing to spell differently.
        case "schema_drift" if data is not None:
            _drift(data, fault.drift)
    return Response(exact_json.dumps(body), media_type="application/json")


def _emptied(data: dict[str, Any]) -> dict[str, Any]:
    nothing = {
        "securities": [] if isinstance(data["securities"], list) else {"holdings": []},
        "smallcases": {"public": [], "private": {"stats": {"currentValue": 0, "totalReturns": 0}}},
    }
    return nothing | ({"mutualFunds": {"holdings": []}} if "mutualFunds" in data else {})


def _halved(data: dict[str, Any]) -> dict[str, Any]:
    """The smaller half stays: of three securities one, of one none."""
    securities = data["securities"]
    if isinstance(securities, list):
        return {"securities": securities[: len(securities) // 2]}
    rows = securities["holdings"]
    return {"securities": {"holdings": rows[: len(rows) // 2]}}


def _drift(data: Any, drift: str) -> None:
    """The first member that matters gets another name, or becomes another type."""
    if isinstance(data, list):
        for one in data:
            _drift(one, drift)
        return
    member = next(name for name in MEMBERS_THAT_MATTER if name in data)
    if drift == "renamed":
        data[f"{member}List"] = data.pop(member)
    else:
        data[member] = str(data[member]) if isinstance(data[member], list) else [data[member]]
