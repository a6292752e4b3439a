"""Makes the next calls to a route go wrong, in the ways in which they do in real life."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import exact_json
from sandbox.clock import Clock
from sandbox.errors import ControlError
from sandbox.state import State

Endpoint = Callable[[Request], Awaitable[Response]]
RouteName = Literal["holdings", "transactiondetails", "transaction"]
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
# `slow` still answers in time, `timeout` outlasts any sensible client.
WAITS = {"slow": 3.0, "timeout": 60.0}


@dataclass
class Fault:
    route: str
    fault: str
    times: int = 1
    milliseconds: int | None = None
    drift: str = "renamed"

    @property
    def seconds(self) -> float:
        return WAITS[self.fault] if self.milliseconds is None else self.milliseconds / 1000


class Faults:
    """One queue per route: what was asked for first goes wrong first."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, fault: Fault) -> None:
        if fault.fault in ONLY_HOLDINGS and fault.route != "holdings":
            raise ControlError(400, f"{fault.fault} is a fault of holdings only.")
        self._state.put("faults", fault.route, [*self._queue(fault.route), vars(fault)])

    def take(self, route: str) -> Fault | None:
        queue = self._queue(route)
        if not queue:
            return None
        fault = Fault(**queue[0])
        left = [vars(fault) | {"times": fault.times - 1}] if fault.times > 1 else []
        self._state.put("faults", route, left + queue[1:])
        return fault

    def waiting(self) -> list[dict[str, Any]]:
        """What is still to go wrong, in the words in which it was asked for."""
        every = [Fault(**fault) for _, queue in self._state.items("faults") for fault in queue]
        return [{"route": one.route, "fault": one.fault, "times": one.times} for one in every]

    def clear(self) -> None:
        for route, _ in self._state.items("faults"):
            self._state.delete("faults", route)

    def _queue(self, route: str) -> list[dict[str, Any]]:
        return self._state.get("faults", route) or []


def with_faults(route: RouteName, endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        world = request.app.state.world
        fault = world.faults.take(route)
        if fault is None:
            return await endpoint(request)
        refusal = _refusal(fault.fault)
        if refusal:
            return refusal
        # From here on the work is done all the same: only its answer suffers.
        spoilt = _spoil(await endpoint(request), fault, world.clock)
        if fault.fault in WAITS:
            await asyncio.sleep(fault.seconds)
        return spoilt

    return answer


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


def _spoil(answer: Response, fault: Fault, clock: Clock) -> Response:
    raw = bytes(answer.body)
    if fault.fault == "truncated":
        return Response(raw[: len(raw) // 2], media_type="application/json")
    body = exact_json.loads(raw)
    data = body["data"]
    match fault.fault:
        case "empty_portfolio":
            data |= _emptied(data) | _as_of(clock.now_iso())
        case "half_portfolio":
            data |= _halved(data) | _as_of(clock.now_iso())
        case "updating":
            data["updating"] = True
        case "schema_drift":
            _drift(data, fault.drift)
    return Response(exact_json.dumps(body), media_type="application/json")


def _as_of(now: str) -> dict[str, Any]:
    return {"snapshotDate": now, "lastUpdate": now}


def _emptied(data: dict[str, Any]) -> dict[str, Any]:
    nothing = {
        "securities": [] if isinstance(data["securities"], list) else {"holdings": []},
        "smallcases": {"public": [], "private": {"stats": {"currentValue": 0, "totalReturns": 0}}},
    }
    return nothing | ({"mutualFunds": {"holdings": []}} if "mutualFunds" in data else {})


def _halved(data: dict[str, Any]) -> dict[str, Any]:
    securities = data["securities"]
    if isinstance(securities, list):
        return {"securities": securities[: len(securities) // 2]}
    rows = securities["holdings"]
    return {"securities": {"holdings": rows[: len(rows) // 2]}}


def _drift(data: dict[str, Any], drift: str) -> None:
    """The first member that matters gets another name, or becomes another type."""
    member = next(name for name in ("securities", "transactionDetails", "transactionId") if name in data)
    if drift == "renamed":
        data[f"{member}List"] = data.pop(member)
    else:
        data[member] = str(data[member]) if isinstance(data[member], list) else [data[member]]
