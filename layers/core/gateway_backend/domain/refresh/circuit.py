"""The circuit breaker of the refresh: whether its workers may ask Gateway, and for how long they may not.

CLOSED: all ask. OPEN: no worker asks until the pause is over. HALF_OPEN: one worker claims the probe. That
doubles the pause at once, so that a worker that dies leaves the circuit open.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=8)

FAILURES_THAT_OPEN = 10
"""In a row: at one call in twenty failing by itself, that does not happen by chance."""

STREAK_LASTS = timedelta(minutes=5)


class CircuitState(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Circuit(NamedTuple):
    open_until: datetime | None = None
    opened_at: datetime | None = None
    pause: timedelta = FIRST_PAUSE

    def state(self, now: datetime) -> CircuitState:
        if self.open_until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now < self.open_until else CircuitState.HALF_OPEN

    def open(self, now: datetime) -> "Circuit":
        """Gateway is down; or, half-open: this worker claims the probe, and the pause is doubled until it succeeds."""
        pause = min(LONGEST_PAUSE, self.pause * 2) if self.open_until else FIRST_PAUSE
        return Circuit(now + pause, self.opened_at or now, pause)

    def close(self) -> "Circuit":
        """Gateway has answered."""
        return Circuit()


@dataclass(slots=True)
class FailureStreak:
    """Accounts that failed in a row, over all pages of one worker: a page of retries is too short to show an outage.

    An account that fails again and again counts once, and what is long ago is forgotten.
    """

    account_ids: set[str] = field(default_factory=set)
    last: datetime | None = None

    def add(self, account_id: str, now: datetime) -> int:
        """The length of the streak with this failure."""
        if self.last and now - self.last > STREAK_LASTS:
            self.account_ids.clear()
        self.account_ids.add(account_id)
        self.last = now
        return len(self.account_ids)

    def end(self) -> None:
        self.account_ids.clear()
