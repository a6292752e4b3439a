"""A linked broker account, its session with the broker, and what was last imported from it."""

from dataclasses import dataclass
from datetime import datetime

from gateway_backend.domain.freshness import SessionState, Verdict, verdict
from gateway_backend.domain.market_calendar import MarketCalendar


@dataclass(frozen=True, slots=True)
class Account:
    """The account's status item. `id` is the smallcaseAuthId; one account has one owner.

    `as_of` is the newest `snapshotDate` seen and `snapshot_key` names the stored snapshot that holds its portfolio:
    an unchanged portfolio moves `as_of` alone. Both are None until the first import. `version` is the shape in which
    Gateway sent it. `mutual_funds`: an import asked for them once, so every later pull does. `size`
    counts the snapshot's securities and funds, `funds` the funds alone.
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

    def verdict(self, now: datetime, calendar: MarketCalendar) -> Verdict:
        return verdict(now, self.as_of, self.broker, self.state, calendar)
