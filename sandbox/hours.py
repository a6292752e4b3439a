"""When the market is open: always, never, or in NSE's hours by the sandbox's clock (contract 7.3)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.state import State

INDIA = ZoneInfo("Asia/Kolkata")
OPENS, CLOSES = time(9, 15), time(15, 30)
SATURDAY = 5


@dataclass(frozen=True)
class Setting:
    # None: by the clock. Open unless told otherwise, so that a demo works at any hour.
    open: bool | None = True
    # Whether brokers take orders after hours.
    amo: bool = True


class Hours:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    @property
    def setting(self) -> Setting:
        return Setting(**self._state.get("market", "setting") or {})

    def set(self, setting: Setting) -> None:
        self._state.put("market", "setting", vars(setting))

    def is_open(self) -> bool:
        told = self.setting.open
        return _in_session(self._clock.now()) if told is None else told

    def takes_orders(self, *, amo: bool) -> bool:
        """`amo`: the SDK was set up to take orders after hours (contract 5.6, point 3)."""
        return self.is_open() or (amo and self.setting.amo)

    def first_open(self, since: datetime, now: datetime) -> datetime | None:
        """When orders that waited since then met an open market; None if they still wait."""
        if self.setting.open is None and (opened := _next_open(since)) <= now:
            return opened
        return now if self.is_open() else None


def _in_session(moment: datetime) -> bool:
    local = moment.astimezone(INDIA)
    return local.weekday() < SATURDAY and OPENS <= local.time() < CLOSES


def _next_open(moment: datetime) -> datetime:
    day = moment.astimezone(INDIA).date()
    opens = datetime.combine(day, OPENS, INDIA)
    while opens <= moment or opens.weekday() >= SATURDAY:
        opens += timedelta(days=1)
    return opens
