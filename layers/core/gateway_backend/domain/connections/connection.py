"""A linked broker account, its session with the broker, and what was last imported from it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway_backend.domain.connections.freshness import SessionState, Verdict, verdict
from gateway_backend.domain.holdings.snapshot import UPDATING
from gateway_backend.domain.market.calendar import MarketCalendar

UPDATING_FOR = timedelta(minutes=15)
"""How long the broker's word that it is at work is passed on; then the next attempt should have come."""

SLOTS = 256


class PendingAction(NamedTuple):
    """What Gateway recommends for an investment in a smallcase, such as REBALANCE; `since` we know of it."""

    iscid: str
    action: str
    since: datetime
    scid: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The account's status item. `id` is the smallcaseAuthId; one account has one owner.

    `as_of` is the newest `snapshotDate` seen and `snapshot_key` names the stored snapshot that holds its portfolio:
    an unchanged portfolio moves `as_of` alone. Both are None until the first import. `version` is the shape in which
    Gateway sent it. `mutual_funds`: an import asked for them once, so every later pull does. `size`
    counts the snapshot's securities and funds, `funds` the funds alone. `stale_since`: the app has been told that the
    snapshot went stale. `lease_until`: a refresh that the user asked for is under way, and over by then in any case.
    `traded_at`: an order was filled here, as we learnt then: a snapshot from before does not show it.
    """

    id: str
    owner: str
    broker: str
    linked_at: datetime
    transaction_id: str
    mutual_funds: bool = False
    state: SessionState = SessionState.ACTIVE
    state_since: datetime | None = None
    state_reason: str | None = None
    as_of: datetime | None = None
    snapshot_date: str | None = None
    last_update: str | None = None
    snapshot_key: str | None = None
    content_hash: str | None = None
    version: str = "v2"
    size: int = 0
    funds: int = 0
    last_success_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_failure: str | None = None
    stale_since: datetime | None = None
    lease_until: datetime | None = None
    traded_at: datetime | None = None
    pending_actions: tuple[PendingAction, ...] = ()

    def verdict(self, now: datetime, calendar: MarketCalendar) -> Verdict:
        return verdict(
            now,
            self.as_of,
            self.broker,
            self.state,
            calendar,
            updating=self._is_updating(now),
            traded_at=self.traded_at,
        )

    def is_leased(self, now: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > now

    def _is_updating(self, now: datetime) -> bool:
        """Is a refresh under way, or did the broker say so a moment ago?"""
        told = self.last_attempt_at if self.last_failure == UPDATING else None
        return self.is_leased(now) or (told is not None and now - told < UPDATING_FOR)


def slot_of(account_id: str) -> int:
    """When in a refresh its turn comes: a fixed hash, so that nothing is rearranged when accounts come and go."""
    return hashlib.sha256(account_id.encode()).digest()[0] % SLOTS


def has_lapsed(account: Account, now: datetime, calendar: MarketCalendar) -> bool:
    """Gateway answered just now with the account's `as_of`, or an older date: is the session over?

    A whole session has passed since then, and a living session would have given its end. One that was cut by the
    snapshot itself proves nothing.
    """
    return account.as_of is not None and calendar.full_sessions_between(account.as_of, now) > 0
