"""The steps that wait for their time, at most a single step for an order."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.clock import Clock, to_iso
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.batch import Batch, Json, Order
from sandbox.scenario import Step
from sandbox.state import State

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DueStep:
    at: datetime
    batch_id: str
    ticker: str
    step: Step


class StepSchedule:
    def __init__(self, state: State, clock: Clock, trading_hours: TradingHours) -> None:
        self._state = state
        self._clock = clock
        self._trading_hours = trading_hours

    def add(self, batch: Batch, order: Order, step: Step, at: datetime | None) -> None:
        """Replaces the step that waits for this order; `at` None stands for the next open market."""
        text = step.model_dump_json(by_alias=True, exclude={"after"})
        planned = {"batch": batch.id, "ticker": order.ticker, "since": batch.placed_at, "step": text}
        self._state.put("plan", _key(batch.id, order.ticker), planned | {"at": at and to_iso(at)})

    def remove(self, batch: Batch, order: Order) -> None:
        self._state.delete("plan", _key(batch.id, order.ticker))

    def next_due(self) -> DueStep | None:
        """The earliest step whose time has come."""
        now = self._clock.now()
        due = [(at, planned) for _, planned in self._state.items("plan") if (at := self._due_at(planned, now)) <= now]
        if not due:
            return None
        at, planned = min(due, key=lambda at_and_planned: at_and_planned[0])
        return DueStep(at, planned["batch"], planned["ticker"], Step.model_validate_json(planned["step"]))

    def _due_at(self, planned: Json, now: datetime) -> datetime:
        if planned["at"]:
            return datetime.fromisoformat(planned["at"])
        return self._trading_hours.first_open(datetime.fromisoformat(planned["since"]), now) or NEVER


def _key(batch_id: str, ticker: str) -> str:
    return f"{batch_id}/{ticker}"
