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
class MarketSetting:
    # None stands for NSE's hours. The default is an open market, so that a demo works at any hour.
    open: bool | None = True
    # Whether brokers accept orders after hours.
    amo: bool = True


class TradingHours:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    @property
    def setting(self) -> MarketSetting:
        return MarketSetting(**self._state.get("market", "setting") or {})

    def set(self, setting: MarketSetting) -> None:
        self._state.put("market", "setting", vars(setting))

    def is_open(self) -> bool:
        always_or_never = self.setting.open
        return _in_session(self._clock.now()) if always_or_never is None else always_or_never

    def takes_orders(self, *, amo: bool) -> bool:
        """Whether an order is accepted now.

        `amo` is True when the SDK was set up to accept orders after hours (contract 5.6, point 3).
        """
        return self.is_open() or (amo and self.setting.amo)

    def first_open(self, since: datetime, now: datetime) -> datetime | None:
        """The first moment of an open market for orders that wait since then; None when they still wait."""
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
