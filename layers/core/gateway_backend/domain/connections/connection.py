"""A connection: one user's link to one broker account, from the first login until it is unlinked.

Its lifecycle is that of its session (`session`). Every method takes an event and returns the connection as it is
after it: the same object when nothing changes, so that nothing need be written.
"""

import hashlib
from copy import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway_backend.domain.connections.freshness import State, Verdict, verdict
from gateway_backend.domain.connections.records import (
    ConsentRecord,
    Doubt,
    PendingAction,
    RefreshRequest,
    StoredSnapshot,
)
from gateway_backend.domain.connections.session import NOT_MOVING, BrokerSession, SessionState
from gateway_backend.domain.holdings.snapshot import UPDATING, Snapshot
from gateway_backend.domain.market.brokers import is_long_lived
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import AccountOfAnotherUser, NotFound, RefreshTooSoon, SnapshotConflict
from gateway_backend.domain.transactions.transaction import Transaction

UPDATING_FOR = timedelta(minutes=15)
"""How long an answer of `updating` counts; by then there should have been another attempt."""

SAME_FAILURE_INTERVAL = timedelta(minutes=30)
"""A failure that lasts is recorded again only so often: an outage must not cost a write for each attempt."""

CONFIRMED_AFTER = timedelta(seconds=15)
"""How much later an answer must come to confirm one that is doubted: two in a second come from one fault."""

MOST_PENDING_ACTIONS = 20
SLOTS = 256


class Connection(NamedTuple):
    """`id` is the account's smallcaseAuthId; an account has one owner. `snapshot` is None before the first import.

    `transaction_id`: the transaction that linked it. `mutual_funds`: an import asked for them once, so every later pull
    does. `stale_since`: since when the snapshot is flagged as stale. `request`: the last refresh that the user
    requested; it runs until `lease_until` at most. `traded_at`: when an order was last filled here, so that an older
    snapshot does not show it. `shown_as_of`: Gateway's own webhook showed securities of that date. `item_version`
    counts the writes of the stored item.
    """

    id: str
    owner: str
    broker: str
    linked_at: datetime
    transaction_id: str
    mutual_funds: bool = False
    session: BrokerSession = BrokerSession(SessionState.ACTIVE)
    snapshot: StoredSnapshot | None = None
    last_success_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_failure: str | None = None
    stale_since: datetime | None = None
    lease_until: datetime | None = None
    requested_at: datetime | None = None
    request: RefreshRequest | None = None
    traded_at: datetime | None = None
    doubt: Doubt | None = None
    shown_as_of: datetime | None = None
    pending_actions: tuple[PendingAction, ...] = ()
    item_version: int = 0

    @property
    def as_of(self) -> datetime | None:
        return self.snapshot.as_of if self.snapshot else None

    @property
    def has_holdings(self) -> bool:
        return self.snapshot is not None and self.snapshot.size > 0

    @property
    def content_hash(self) -> str | None:
        return self.snapshot.content_hash if self.snapshot else None

    @property
    def is_refreshable(self) -> bool:
        """Whether its broker's sessions live long enough to refresh it without a login."""
        return is_long_lived(self.broker)

    @property
    def awaits_stale_flag(self) -> bool:
        """Whether the schedule must watch for its snapshot going stale; a refreshable one is refreshed instead."""
        return self.snapshot is not None and self.stale_since is None and not self.is_refreshable

    def verdict(self, now: datetime, calendar: MarketCalendar) -> Verdict:
        return verdict(
            now,
            self.as_of,
            self.broker,
            self.session.state,
            calendar,
            updating=self._is_updating(now),
            traded_at=self.traded_at,
        )

    def is_leased(self, now: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > now

    def _is_updating(self, now: datetime) -> bool:
        """A refresh is running, or a moment ago Gateway answered that the broker is updating."""
        updating_at = self.last_attempt_at if self.last_failure == UPDATING else None
        return self.is_leased(now) or (updating_at is not None and now - updating_at < UPDATING_FOR)

    def confirms_doubt(self, snapshot: Snapshot, now: datetime) -> bool:
        """Whether the snapshot agrees with the doubted one, and came late enough after it to prove something."""
        doubt = self.doubt
        if doubt is None or now - doubt.since < CONFIRMED_AFTER or snapshot.as_of < doubt.as_of:
            return False
        return snapshot.quantities_hash == doubt.quantities_hash

    # What a pull of holdings changes -----------------------------------------------------------

    def replace_snapshot(
        self,
        snapshot: Snapshot,
        now: datetime,
        *,
        judged_beside: "Connection",
        lapsed: bool,
        ends_session: bool = True,
    ) -> "Connection":
        """Make the snapshot the newest one, unless the stored one is newer, or as new and no smaller.

        Of two portfolios of one date the larger stays: an answer can lose entries, it does not make them up. The
        snapshot renews the session, unless it is so old itself that the session has `lapsed`: then it ends it, or
        leaves that to the caller.
        Raises: NotFound when the account was unlinked since the snapshot was judged beside it; SnapshotConflict when
        another portfolio was stored since: the snapshot must be judged again, beside that one.
        """
        self._check_still_comparable(snapshot, judged_beside)
        current = self.snapshot
        is_changed = current is None or snapshot.content_hash != current.content_hash
        if current and snapshot.as_of < current.as_of:
            return self
        if current and snapshot.as_of == current.as_of and not (is_changed and snapshot.portfolio.size > current.size):
            return self
        updated = replace(
            self,
            broker=self.broker or snapshot.broker,
            snapshot=self._stored(snapshot) if is_changed else _with_dates_of(current, snapshot),
            last_success_at=now,
            last_attempt_at=now,
            last_failure=None,
            lease_until=None,
            doubt=None,
        )
        if lapsed:
            return updated.lapse_unmoved(now) if ends_session else updated
        return replace(updated, session=self.session.renew(now), stale_since=None)

    def confirm_snapshot(self, now: datetime, *, pulled_for: "Connection", lapsed: bool) -> "Connection":
        """Gateway answered well but has nothing newer; `lapsed`: that proves the session over.

        What is recorded already is not written again.
        """
        if self.snapshot is None or (self.as_of, self.linked_at) != (pulled_for.as_of, pulled_for.linked_at):
            return self
        if not self.session.is_active and not self.last_failure and not self.lease_until and not self.doubt:
            return self
        updated = replace(self, last_attempt_at=now, last_failure=None, lease_until=None, doubt=None)
        return updated.lapse_unmoved(now) if lapsed else updated

    def record_failure(
        self,
        reason: str,
        now: datetime,
        *,
        pulled_for: "Connection",
        ends_session: bool = False,
        doubted: Snapshot | None = None,
    ) -> "Connection":
        """An attempt failed: the last good snapshot stays. `ends_session`: the answer proves that a login is needed.

        It changes nothing when newer holdings have been stored since, by a login perhaps.
        """
        if (self.as_of, self.linked_at) != (pulled_for.as_of, pulled_for.linked_at):
            return self
        session = self.session.lapse(reason, now) if ends_session else self.session
        doubt = self._doubted(doubted, now) if doubted else self.doubt
        is_news = session != self.session or doubt != self.doubt
        if self._repeats(reason, now) and not is_news and not self.lease_until:
            return self
        return replace(self, session=session, last_attempt_at=now, last_failure=reason, lease_until=None, doubt=doubt)

    def _doubted(self, snapshot: Snapshot, now: datetime) -> Doubt:
        """The first look at a doubted portfolio counts: the next ones confirm it."""
        if self.doubt and self.doubt.quantities_hash == snapshot.quantities_hash:
            return self.doubt
        return Doubt(snapshot.quantities_hash, snapshot.as_of, now)

    def _check_still_comparable(self, snapshot: Snapshot, judged_beside: "Connection") -> None:
        if self.owner != judged_beside.owner:
            raise NotFound("The connection was unlinked meanwhile")
        comparable = (judged_beside.content_hash, snapshot.content_hash)
        if self.as_of and self.as_of < snapshot.as_of and self.content_hash not in comparable:
            raise SnapshotConflict

    def _stored(self, snapshot: Snapshot) -> StoredSnapshot:
        portfolio = snapshot.portfolio
        # The hash keeps apart two answers of one date, and one answer that was stored under two links.
        identity = f"{self.owner} {times.to_text(self.linked_at)} {snapshot.content_hash}"
        digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
        return StoredSnapshot(
            id=f"{times.to_key(snapshot.as_of)}#{digest}",
            as_of=snapshot.as_of,
            snapshot_date=snapshot.snapshot_date,
            last_update=snapshot.last_update or snapshot.snapshot_date,
            content_hash=snapshot.content_hash,
            version=portfolio.version,
            size=portfolio.size,
            funds=len(portfolio.mutual_funds),
        )

    def lapse_unmoved(self, now: datetime) -> "Connection":
        """Gateway answers, but its snapshot has not moved over a whole trading session: a login is needed."""
        if not self.session.is_active:
            return self
        return replace(self, session=self.session.lapse(NOT_MOVING, now), stale_since=now)

    def _repeats(self, reason: str, now: datetime) -> bool:
        since = self.last_attempt_at if self.last_failure == reason else None
        return since is not None and now - since < SAME_FAILURE_INTERVAL and reason != UPDATING

    # What else happens to it -------------------------------------------------------------------

    def begin_refresh(self, now: datetime, *, key: str, floor: timedelta, lasting: timedelta) -> "Connection":
        """Lease it for a refresh that its user requested. The lease ends with the refresh, or by itself.

        Raises: RefreshTooSoon within `floor` of the last such refresh, or while one is running.
        """
        free_at = max(self.lease_until or now, self.requested_at + floor if self.requested_at else now)
        if free_at > now:
            raise RefreshTooSoon(floor, left=free_at - now)
        return replace(self, lease_until=now + lasting, requested_at=now, request=RefreshRequest(key))

    def end_refresh(self, key: str, result: str) -> "Connection":
        """What the refresh that was requested with this Idempotency-Key answered."""
        is_last = self.request is not None and self.request.key == key
        return replace(self, request=RefreshRequest(key, result)) if is_last else self

    def answered_refresh(self, key: str) -> str | None:
        """What the last requested refresh answered, if it was requested with this Idempotency-Key."""
        return self.request.result if self.request and self.request.key == key else None

    def flag_if_stale(self, now: datetime, calendar: MarketCalendar) -> "Connection":
        """Flag, once per lapse, that the snapshot went stale and only the user can renew it."""
        is_stale = self.snapshot is not None and self.verdict(now, calendar).state is State.STALE
        return replace(self, stale_since=now) if is_stale and not self.stale_since else self

    def record_shown(self, snapshot_date: datetime) -> "Connection":
        """Gateway's webhook showed securities of that date: an empty answer of the same date is not the truth."""
        if self.shown_as_of and self.shown_as_of >= snapshot_date:
            return self
        return replace(self, shown_as_of=snapshot_date)

    def record_trade(self, owner: str, at: datetime) -> "Connection":
        """An order of the owner was filled here: snapshots from before `at` are due for a refresh."""
        is_news = owner == self.owner and (self.traded_at is None or self.traded_at < at)
        return replace(self, traded_at=at) if is_news else self

    def record_recommendation(self, iscid: str, action: PendingAction | None) -> "Connection":
        """What is recommended for an investment now; None: nothing any more."""
        pending = {action.iscid: action for action in self.pending_actions}
        before = pending.pop(iscid, None)
        if (before and before.action) == (action and action.action):
            return self
        actions = sorted([*pending.values(), *([action] if action else [])], key=lambda action: action.since)
        return replace(self, pending_actions=tuple(actions[-MOST_PENDING_ACTIONS:]))

    def unlink(self, now: datetime) -> ConsentRecord:
        return ConsentRecord(self.id, self.owner, self.broker, self.linked_at, now, self.transaction_id)


def link(
    current: Connection | None, account_id: str, broker: str | None, transaction: Transaction, now: datetime
) -> Connection:
    """The connection after a login of the transaction's user: a new one, or what the login changes of the current one.

    Raises: AccountOfAnotherUser.
    """
    if current is None:
        return Connection(
            id=account_id,
            owner=transaction.owner,
            broker=broker or "",
            linked_at=times.to_milliseconds(now),
            transaction_id=transaction.id,
            mutual_funds=transaction.mutual_funds,
            session=BrokerSession(SessionState.ACTIVE, now),
        )
    if current.owner != transaction.owner:
        raise AccountOfAnotherUser
    return replace(
        current,
        broker=broker or current.broker,
        mutual_funds=current.mutual_funds or transaction.mutual_funds,
        session=current.session.renew_by_login(transaction.created_at, now),
    )


def slot_of(account_id: str) -> int:
    """When in a refresh its turn comes: a fixed hash, so that nothing is rearranged when accounts come and go."""
    return hashlib.sha256(account_id.encode()).digest()[0] % SLOTS


def _with_dates_of(stored: StoredSnapshot | None, snapshot: Snapshot) -> StoredSnapshot | None:
    return stored and replace(
        stored,
        as_of=snapshot.as_of,
        snapshot_date=snapshot.snapshot_date,
        last_update=snapshot.last_update or snapshot.snapshot_date,
    )
