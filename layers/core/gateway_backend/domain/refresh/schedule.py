"""When long-lived connections are refreshed (contract 8).

A window opens after each close of the exchange. An account keeps its slot, a fixed hash of its id, and the slots are
spread over the window, so that Gateway sees a steady load and nothing is rearranged when accounts come and go.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from gateway_backend.domain.connections.connection import SLOTS, Connection, slot_of
from gateway_backend.domain.market.calendar import MarketCalendar

ROUNDS, NEXT_ROUND = 2, timedelta(minutes=90)
"""The slots are walked once, and again for what fell through: a page that was lost, an account that was healed or
imported late. A fresh account costs half a read then."""

OVERDUE_AFTER = timedelta(minutes=45)
"""Accounts that are not fresh so long after the window opened are counted for the operator."""


class RefreshTimes(NamedTuple):
    """The window opens `delay` after the close; the slots begin over the `spread` that follows."""

    delay: timedelta
    spread: timedelta

    def begins_at(self, slot: int, close: datetime) -> datetime:
        return close + self.delay + self.spread * slot / SLOTS

    def slots_begun(self, close: datetime, now: datetime) -> int:
        """How many slots have begun since that close, counted through all rounds."""
        pause = max(NEXT_ROUND, self.spread)
        return sum(self._begun(now - close - self.delay - number * pause) for number in range(ROUNDS))

    def is_overdue(self, close: datetime, now: datetime) -> bool:
        return now - close - self.delay >= OVERDUE_AFTER

    def next_due(self, connection: Connection, now: datetime, calendar: MarketCalendar) -> datetime | None:
        """When it is refreshed next without anybody asking; None where only a login helps.

        In the past while it is due and has not succeeded yet.
        """
        as_of = connection.as_of
        if not connection.is_refreshable or not connection.session.is_active or as_of is None:
            return None
        close = calendar.next_close(as_of) if as_of <= now else calendar.next_close(now)
        return self.begins_at(slot_of(connection.id), max(close, calendar.last_close(now)))

    def _begun(self, into: timedelta) -> int:
        return 0 if into < timedelta(0) else min(SLOTS, into * SLOTS // self.spread + 1)


def is_due(connection: Connection, now: datetime, calendar: MarketCalendar) -> bool:
    """Whether the exchange has closed since its snapshot. Before the first import there is nothing to refresh."""
    return connection.as_of is not None and calendar.sessions_closed_between(connection.as_of, now) > 0
