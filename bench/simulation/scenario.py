"""What is simulated: how many accounts, for how long, and how much goes wrong."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from gateway_backend.domain.connections.connection import SLOTS
from gateway_backend.domain.market.calendar import MarketCalendar, nse_calendar
from gateway_backend.domain.market.sessions import IST, TradingSession
from gateway_backend.domain.refresh.schedule import RefreshTimes

FIRST_DAY = date(2026, 8, 31)
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
TICK = timedelta(minutes=5)
CONFIRM_SHARE = Decimal("0.5")
CONCURRENCY = 10
"""All as template.yaml has them."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Shares are from 0 to 1. `part` of `parts` is what one process simulates.

    With all accounts in the first few `slots`, a small run has pages as full as a large one.
    """

    accounts: int = 100_000
    sessions: int = 22
    seed: int = 1
    changed: float = 0.4
    call_failures: float = 0.05
    expiries: float = 0.03
    outage_hours: float = 2
    updating: float = 0.02
    other_brokers: float = 0.05
    duplicates: float = 0.01
    concurrency: int = CONCURRENCY
    latency: float = 0.3
    repeat_wrong_answers: bool = False
    slots: int = SLOTS
    part: int = 0
    parts: int = 1

    @property
    def own_accounts(self) -> int:
        return len(range(self.part, self.accounts, self.parts))

    @property
    def own_workers(self) -> int:
        return max(1, len(range(self.part, self.concurrency, self.parts)))


@dataclass(frozen=True, slots=True)
class Agenda:
    """The sessions to simulate; the outage begins with the window of the middle one."""

    calendar: MarketCalendar
    sessions: tuple[TradingSession, ...]
    outage_begins: datetime
    outage_ends: datetime

    @property
    def set_up_at(self) -> datetime:
        """The evening before: everybody has just imported."""
        return self.calendar.last_close(self.sessions[0].opens_at) + timedelta(hours=1)

    @property
    def ends(self) -> datetime:
        return self.sessions[-1].closes_at + timedelta(hours=17)

    def is_outage(self, now: datetime) -> bool:
        return self.outage_begins <= now < self.outage_ends


def agenda(scenario: Scenario) -> Agenda:
    calendar = nse_calendar()
    sessions: list[TradingSession] = []
    after = datetime.combine(FIRST_DAY, datetime.min.time(), IST).astimezone(UTC)
    while len(sessions) < scenario.sessions:
        after = calendar.next_close(after)
        session = calendar.session(after.astimezone(IST).date())
        if session:
            sessions.append(session)
    if calendar.covered_days(after) < 1:
        raise ValueError("the calendar's holidays do not reach so many sessions ahead")
    begins = sessions[len(sessions) // 2].closes_at + TIMES.delay
    return Agenda(calendar, tuple(sessions), begins, begins + timedelta(hours=scenario.outage_hours))
