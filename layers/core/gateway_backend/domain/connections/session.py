"""The broker session behind a connection, as far as Gateway's answers show it (contract 8)."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway_backend.domain.market.calendar import MarketCalendar

NOT_MOVING = "SNAPSHOT_NOT_MOVING"
"""Why a login is needed: Gateway answers, but over a whole trading session its snapshot has grown no newer."""


class SessionState(StrEnum):
    ACTIVE = "ACTIVE"
    NEEDS_LOGIN = "NEEDS_LOGIN"


class BrokerSession(NamedTuple):
    """ACTIVE until an answer proves otherwise; NEEDS_LOGIN during a lapse, for the reason given.

    A lapse lasts from the answer that proves it until a login, or until newer holdings come all the same.
    """

    state: SessionState
    since: datetime | None = None
    reason: str | None = None

    @property
    def is_active(self) -> bool:
        return self.state is SessionState.ACTIVE

    def lapse(self, reason: str, now: datetime) -> "BrokerSession":
        """A lapse is recorded once: a second answer that proves it changes nothing."""
        return BrokerSession(SessionState.NEEDS_LOGIN, now, reason) if self.is_active else self

    def renew(self, now: datetime) -> "BrokerSession":
        """Gateway hands out newer holdings only while the session lives, so they end any lapse."""
        return self if self.is_active and self.since else BrokerSession(SessionState.ACTIVE, now)

    def renew_by_login(self, began_at: datetime, now: datetime) -> "BrokerSession":
        """A login ends a lapse when it began after it; an older one belongs to the session that is over."""
        return self.renew(now) if self.since is not None and began_at > self.since else self


def has_lapsed(newest_as_of: datetime, now: datetime, calendar: MarketCalendar) -> bool:
    """Whether an answer of just now, with nothing newer than `newest_as_of`, proves that the session is over.

    It does when a whole trading session has passed since: a living session would have given that session's close. A
    snapshot taken in the middle of a trading session proves nothing about it.
    """
    return calendar.full_sessions_between(newest_as_of, now) > 0
