"""When long-lived snapshots are refreshed, and what an answer says about the session behind them (contract 8).

After each close a window opens. An account keeps its slot, a fixed hash of its id, and the slots are spread over the
window, so that Gateway sees a steady load and nothing has to be rearranged when accounts come and go.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from gateway_backend.domain.connections.connection import SLOTS, Account, slot_of
from gateway_backend.domain.connections.freshness import SessionState, Verdict
from gateway_backend.domain.market.brokers import broker as known_broker
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import times
from gateway_backend.domain.transactions.transaction import Transaction

ROUNDS, NEXT_ROUND = 2, timedelta(minutes=90)
"""The slots are walked once, and again for what fell through - a page that was lost, an account that was healed
or imported late. A fresh account costs half a read then."""

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(minutes=15)
OVERDUE_AFTER = timedelta(minutes=45)
"""Accounts that are not fresh so long after the window opened are counted for the operator."""


class Refresh(StrEnum):
    """What became of a refresh that a user asked for."""

    REFRESHED = "REFRESHED"
    UNCHANGED = "UNCHANGED"  # Gateway has nothing newer
    UPDATING = "UPDATING"  # the broker is at work on it
    LOGIN_NEEDED = "LOGIN_NEEDED"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`account` as it is now; `transaction` and the SDK's `token`: the import that a login completes, where one
    is needed; `replayed`: an earlier request with the same key made it."""

    refresh: Refresh
    account: Account
    verdict: Verdict
    next_due: datetime | None
    transaction: Transaction | None = None
    token: str = field(default="", repr=False)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RefreshTimes:
    """`delay` after the close the window opens; the slots begin over the `spread` that follows."""

    delay: timedelta
    spread: timedelta

    def begins_at(self, slot: int, close: datetime) -> datetime:
        return close + self.delay + self.spread * slot / SLOTS

    def slots_begun(self, close: datetime, now: datetime) -> int:
        """How many slots have begun since that close, counted through all rounds."""
        pause = max(NEXT_ROUND, self.spread)
        return sum(self._begun(now - close - self.delay - number * pause) for number in range(ROUNDS))

    def _begun(self, into: timedelta) -> int:
        return 0 if into < timedelta(0) else min(SLOTS, into * SLOTS // self.spread + 1)

    def next_due(self, account: Account, now: datetime, calendar: MarketCalendar) -> datetime | None:
        """When the account is refreshed next without anybody asking; None where only a login helps.

        In the past while it is due and has not succeeded yet.
        """
        if not is_refreshable(account) or account.state is not SessionState.ACTIVE or account.as_of is None:
            return None
        close = calendar.next_close(account.as_of) if account.as_of <= now else calendar.next_close(now)
        return self.begins_at(slot_of(account.id), max(close, calendar.last_close(now)))


@dataclass(frozen=True, slots=True)
class RefreshPage:
    """Accounts to refresh after one close; `attempt` counts from 0, the first time through in its round."""

    close: datetime
    accounts: tuple[str, ...]
    attempt: int = 0
    round: int = 0

    @property
    def id(self) -> str:
        """The same for the same work, whoever plans it and however often."""
        identity = " ".join([times.to_key(self.close), str(self.round), str(self.attempt), *self.accounts])
        return hashlib.sha256(identity.encode()).hexdigest()[:24]

    def again(self, accounts: tuple[str, ...]) -> Self:
        """The next attempt, begun with another account: one that always fails must not be the only probe."""
        return replace(self, accounts=(*accounts[1:], *accounts[:1]), attempt=self.attempt + 1)

    def retry_delay(self, jitter: int) -> timedelta:
        """How long until the next attempt: doubled each time, less up to half of it. `jitter` is 0 to 100."""
        longest = min(LONGEST_RETRY, FIRST_RETRY * (1 << min(self.attempt, 10)))
        return longest - longest * jitter / 200


def is_refreshable(account: Account) -> bool:
    return known_broker(account.broker).long_lived


def is_due(account: Account, now: datetime, calendar: MarketCalendar) -> bool:
    """Is there a close that its snapshot has not seen? Before the first import there is nothing to refresh."""
    return account.as_of is not None and calendar.sessions_closed_between(account.as_of, now) > 0
