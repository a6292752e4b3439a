"""The faults that wait for calls of Gateway's API."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.errors import ControlError
from sandbox.state import State

RouteName = Literal["holdings", "transactiondetails", "transaction", "orders", "investments"]
FaultName = Literal[
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
ONLY_FOR_HOLDINGS = ("empty_portfolio", "half_portfolio", "updating")
# A `slow` answer still comes in time, a `timeout` takes longer than any sensible client waits.
DELAY_SECONDS = {"slow": 3.0, "timeout": 60.0}


@dataclass
class Fault:
    route: str
    fault: str
    times: int = 1
    milliseconds: int | None = None
    drift: str = "renamed"
    # The account whose calls fail; None stands for all calls of the route.
    auth_id: str | None = None

    @property
    def delay_seconds(self) -> float:
        if self.fault not in DELAY_SECONDS:
            return 0
        return DELAY_SECONDS[self.fault] if self.milliseconds is None else self.milliseconds / 1000

    def to_json(self) -> dict[str, Any]:
        account = {"smallcaseAuthId": self.auth_id} if self.auth_id else {}
        return {"route": self.route, "fault": self.fault, "times": self.times} | account


class FaultQueue:
    """A queue for every route; a call gets the first fault that concerns its account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, fault: Fault) -> None:
        if fault.fault in ONLY_FOR_HOLDINGS and fault.route != "holdings":
            raise ControlError(400, f"{fault.fault} is a fault of holdings only.")
        self._state.put("faults", fault.route, [*self._stored(fault.route), vars(fault)])

    def take(self, route: str, accounts: Set[str]) -> Fault | None:
        """The fault for a call that concerns these accounts; its `times` goes down with it."""
        queue = self._stored(route)
        for index, stored in enumerate(queue):
            fault = Fault(**stored)
            if fault.auth_id is None or fault.auth_id in accounts:
                remaining = [vars(fault) | {"times": fault.times - 1}] if fault.times > 1 else []
                self._state.put("faults", route, queue[:index] + remaining + queue[index + 1 :])
                return fault
        return None

    def to_json(self) -> list[dict[str, Any]]:
        """The faults that still wait."""
        return [Fault(**stored).to_json() for _, queue in self._state.items("faults") for stored in queue]

    def clear(self) -> None:
        for route, _ in self._state.items("faults"):
            self._state.delete("faults", route)

    def _stored(self, route: str) -> list[dict[str, Any]]:
        return self._state.get("faults", route) or []
