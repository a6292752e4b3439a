"""Accounts: their status, their snapshots, who owns them (design section 5).

ACCOUNT#<id> / STATUS       owner, newest `snapshotDate`, which snapshot holds it: the one truth
ACCOUNT#<id> / SNAPSHOT#…   portfolios by date, immutable; written before the status points at them
ACCOUNT#<id> / PART#…       what of a large portfolio did not fit
ACCOUNT#<id> / ERASED       when it was last unlinked: older transactions may not link it again
USER#<sub>   / ACCOUNT#<id> membership, written together with the status
USER#<sub>   / CONSENT#…    the record of a consent that ended

In the Work index an account of a long-lived session stands in its refresh slot for good (`REFRESH#<slot>`), so that a
refresh writes nothing there; any other stands under `WATCH#<shard>`, by the date of its snapshot, from an import until
it is flagged stale.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from gateway_backend.domain.connections.connection import Account, PendingAction, slot_of
from gateway_backend.domain.connections.freshness import SessionState
from gateway_backend.domain.holdings.snapshot import UPDATING, Snapshot
from gateway_backend.domain.market.brokers import broker as known_broker
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import (
    AccountOfAnotherUser,
    ConnectionWithdrawn,
    NotFound,
    RefreshTooSoon,
    StoreUnavailable,
)
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.blobs import part_keys, put_with_blob, read_blob
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Check, ConditionFailed, Delete, Put, Table, Update

_TRIES = 5
_MOST_PENDING = 20
"""Investments with an action pending that one account keeps."""

_STATUS, _ERASED = "STATUS", "ERASED"
_SAME_FAILURE_AGAIN = timedelta(minutes=30)
"""A failure that lasts is written down again only so often: an outage must not cost a write per attempt."""

_WATCH_SHARDS = "0123456789abcdef"

NOT_MOVING = "SNAPSHOT_NOT_MOVING"
"""Why a login is needed: Gateway answers, but over a whole session its snapshot has grown no newer."""


class Overtaken(Exception):
    """The snapshot was judged beside another portfolio than the one it would replace: pull once more."""


class Accounts:
    def __init__(self, table: Table) -> None:
        self._table = table

    # Reading -----------------------------------------------------------------------------------

    def find(self, account_id: str, *, consistent: bool = True) -> Account | None:
        """`consistent=False` costs half and may miss the last second: good where every write has its condition."""
        item = self._table.get(_pk(account_id), _STATUS, consistent=consistent)
        return _account(item) if item else None

    def owned(self, account_id: str, owner: str) -> Account:
        """Raises: NotFound when it is unknown or somebody else's."""
        return self._check_owner(self.find(account_id), owner)

    def owned_with_portfolio(self, account_id: str, owner: str) -> tuple[Account, str | None]:
        """The account and its newest portfolio as JSON text, None before the first import. Raises: NotFound."""
        items = self._table.query(_pk(account_id), descending=True, limit=2)
        status = items[0] if items and items[0]["sk"] == _STATUS else None
        account = self._check_owner(_account(status) if status else None, owner)
        if account.snapshot_key is None:
            return account, None
        item = items[1] if len(items) > 1 and items[1]["sk"] == account.snapshot_key else None
        # A snapshot that arrived late, or whose writer stopped half-way, may sort above the status's own.
        item = item or self._table.get(_pk(account_id), account.snapshot_key)
        if item is None:
            self.owned(account_id, owner)  # unlinked while we read?
            raise LookupError("the status points at a snapshot that is not there")
        return account, read_blob(self._table, item, part_prefix=_part_prefix(account.snapshot_key)).decode()

    def owned_with_history(
        self, account_id: str, owner: str, since: datetime
    ) -> tuple[Account, str | None, tuple[str, str] | None]:
        """The account, its newest portfolio, and (`snapshotDate`, portfolio) of what was valid at `since`.

        That is the newest snapshot not after `since`, else the oldest there is. Raises: NotFound.
        """
        account, newest = self.owned_with_portfolio(account_id, owner)
        if newest is None or account.snapshot_key is None:
            return account, newest, None
        item = self._table.latest_before(_pk(account_id), "SNAPSHOT#", f"SNAPSHOT#{times.to_key(since)}$")
        item = item or next(iter(self._table.query(_pk(account_id), prefix="SNAPSHOT#", limit=1)), None)
        if item is None or item["sk"] > account.snapshot_key:
            item = self._table.get(_pk(account_id), account.snapshot_key)
        if item is None or item["sk"] == account.snapshot_key:
            return account, newest, (item["snapshotDate"] if item else account.snapshot_date or "", newest)
        earlier = read_blob(self._table, item, part_prefix=_part_prefix(item["sk"])).decode()
        return account, newest, (item["snapshotDate"], earlier)

    def portfolio_of(self, account: Account) -> str | None:
        """The newest portfolio as JSON text; None before the first import, or when it was unlinked meanwhile."""
        item = self._table.get(_pk(account.id), account.snapshot_key) if account.snapshot_key else None
        return read_blob(self._table, item, part_prefix=_part_prefix(item["sk"])).decode() if item else None

    def in_slot(self, slot: int) -> Iterator[str]:
        """Ids of the long-lived accounts in a refresh slot."""
        return (_id(item) for item in self._table.work(_slot_list(slot)))

    def watched(self, close: datetime) -> Iterator[str]:
        """Ids of the accounts whose snapshot is not from after the close, and has not been flagged."""
        for shard in _WATCH_SHARDS:
            yield from (_id(item) for item in self._table.work(f"WATCH#{shard}", until=times.to_key(close)))

    def ids_of(self, owner: str) -> list[str]:
        prefix = "ACCOUNT#"
        return [item["sk"].removeprefix(prefix) for item in self._table.query(_user(owner), prefix=prefix)]

    def all_of(self, owner: str) -> list[Account]:
        """Every account of the user, the longest linked first."""
        found = (self.find(account_id) for account_id in self.ids_of(owner))
        return sorted((a for a in found if a and a.owner == owner), key=lambda account: account.linked_at)

    # Linking -----------------------------------------------------------------------------------

    def link(self, account_id: str, broker: str | None, transaction: Transaction, now: datetime) -> None:
        """Make the transaction's user the account's one owner. Repeating it changes nothing.

        Raises: AccountOfAnotherUser; ConnectionWithdrawn when it was unlinked after the transaction began.
        """
        account, owner = self.find(account_id), transaction.owner
        broker = broker or (account.broker if account else "")
        mutual_funds = transaction.mutual_funds or (account is not None and account.mutual_funds)
        healed = account is not None and _is_healed_by(transaction, account)
        known = account and (account.owner, account.broker, account.mutual_funds)
        if known == (owner, broker, mutual_funds) and not healed:
            return
        values = {
            "owner": owner,
            "broker": broker,
            "mutualFunds": mutual_funds,
            "now": times.to_text(now),
            "transactionId": transaction.id,
            "active": SessionState.ACTIVE,
            **_in_refresh_slot(broker, account_id),
        }
        update = (
            "SET #owner = :owner, #broker = :broker, #mutualFunds = :mutualFunds,"
            f" #state = {':active' if healed else 'if_not_exists(#state, :active)'},"
            f"{' #workKey = :workKey, #workOrder = :workOrder,' if 'workKey' in values else ''}"
            " #linkedAt = if_not_exists(#linkedAt, :now),"
            f" #stateSince = {':now' if healed else 'if_not_exists(#stateSince, :now)'},"
            " #transactionId = if_not_exists(#transactionId, :transactionId)"
            f"{' REMOVE #stateReason' if healed else ''}"
        )
        free = "attribute_not_exists(#owner) OR #owner = :owner"
        try:
            self._table.write_together(
                [
                    Update(_pk(account_id), _STATUS, update, values, condition=free),
                    not_erased_since(account_id, transaction.created_at),
                    Put({"pk": _user(owner), "sk": _pk(account_id), "linkedAt": values["now"]}),
                ]
            )
        except ConditionFailed as refused:
            raise (ConnectionWithdrawn() if 1 in refused.which else AccountOfAnotherUser()) from None

    # Importing ---------------------------------------------------------------------------------

    def record(self, account: Account, snapshot: Snapshot, now: datetime, *, lapsed: bool = False) -> bool:
        """Make the snapshot the account's newest; False when what is there is newer, or as new and no smaller.

        It heals the connection, unless it is so old itself that the session has `lapsed`.

        The portfolio is stored first and the status then points at it, so a reader always finds a whole one, and a
        crash in between leaves the last good one in place. Raises: NotFound when the account was unlinked meanwhile,
        Overtaken when another portfolio, older than this one, was stored meanwhile.
        """
        changed = snapshot.content_hash != account.content_hash
        if account.as_of and snapshot.as_of < account.as_of:
            return False
        if snapshot.as_of == account.as_of and not (changed and snapshot.portfolio.size > account.size):
            return False
        key = _snapshot_key(snapshot, account) if changed else account.snapshot_key
        if changed:
            # Later than the linking, however long the pull took: an erasure that is under way must not take it.
            self._store(account.id, key or "", snapshot, max(now, account.linked_at))
        try:
            self._table.write(_pointing_at(snapshot, account, key, now, lapsed=lapsed))
        except ConditionFailed:
            return self._record_again(account, snapshot, now, lapsed=lapsed)
        return True

    def record_failure(self, account: Account, reason: str, now: datetime, *, needs_login: bool = False) -> None:
        """Note on the status that an attempt failed; the last good snapshot stays. Silent when unlinked meanwhile."""
        lapses = needs_login and account.state is SessionState.ACTIVE
        told = account.last_attempt_at if account.last_failure == reason else None
        repeats = told is not None and now - told < _SAME_FAILURE_AGAIN and reason != UPDATING
        if repeats and not lapses and not account.lease_until:
            return
        values = {"lastAttemptAt": times.to_text(now), "lastFailure": reason}
        values |= _needs_login(reason, now) if lapses else {}
        # Newer holdings that have come meanwhile, by a login perhaps, are worth more than this answer.
        seen = {"asOf": times.to_key(account.as_of)} if account.as_of else None
        self._touch(account, values, removed="#leaseUntil", seen=seen)

    def record_unmoved(self, account: Account, now: datetime, *, lapsed: bool = False) -> None:
        """Gateway answered well but has nothing newer. `lapsed`: that proves the session over, noted once per lapse.

        What only repeats what is known is worth no write.
        """
        waits_for_user = account.state is not SessionState.ACTIVE
        is_told = waits_for_user and not account.last_failure and not account.lease_until
        if account.as_of is None or is_told:
            return
        seen: Item = {"asOf": times.to_key(account.as_of), "linkedAt": times.to_text(account.linked_at)}
        values: Item = {"lastAttemptAt": times.to_text(now)}
        if lapsed and not waits_for_user:
            values |= _needs_login(NOT_MOVING, now) | {"staleSince": values["lastAttemptAt"]}
        self._touch(account, values, removed="#lastFailure, #leaseUntil", seen=seen)

    # Refreshing --------------------------------------------------------------------------------

    def lease(self, account: Account, now: datetime, *, floor: timedelta, lasting: timedelta) -> None:
        """Take the account for a refresh that its user asked for; the lease ends by itself if nobody ends it.

        Raises: RefreshTooSoon within `floor` of the last such refresh, or while one is under way.
        """
        values = {
            "owner": account.owner,
            "now": times.to_key(now),
            "until": times.to_key(now + lasting),
            "latest": times.to_key(now - floor),
        }
        free = "(attribute_not_exists(#leaseUntil) OR #leaseUntil <= :now)"
        rested = "(attribute_not_exists(#requestedAt) OR #requestedAt <= :latest)"
        update = "SET #leaseUntil = :until, #requestedAt = :now"
        condition = f"#owner = :owner AND {free} AND {rested}"
        try:
            self._table.write(Update(_pk(account.id), _STATUS, update, values, condition))
        except ConditionFailed:
            raise RefreshTooSoon(int(floor.total_seconds())) from None

    def flag_stale(self, account: Account, now: datetime) -> bool:
        """Note, once per lapse, that the snapshot went stale; False when it was noted or has moved meanwhile."""
        values = {
            "now": times.to_text(now),
            "owner": account.owner,
            "seen": times.to_key(account.as_of) if account.as_of else "",
        }
        # A long-lived account keeps its refresh slot: its session may come back by itself.
        leaves_watch = "" if known_broker(account.broker).long_lived else " REMOVE #workKey, #workOrder"
        condition = "#owner = :owner AND #asOf = :seen AND attribute_not_exists(#staleSince)"
        update = f"SET #staleSince = :now{leaves_watch}"
        try:
            self._table.write(Update(_pk(account.id), _STATUS, update, values, condition))
        except ConditionFailed:
            return False
        return True

    def _touch(self, account: Account, values: Item, *, removed: str, seen: Item | None = None) -> None:
        """Silent when the account was unlinked meanwhile, or is no longer as it was `seen`."""
        known = {"owner": account.owner} | (seen or {})
        condition = " AND ".join(f"#{name} = :{name}" for name in known)
        if "state" in values:  # once per lapse, whoever sees it first
            known["active"] = SessionState.ACTIVE
            condition += " AND #state = :active"
        update = f"{_set(values)} REMOVE {removed}"
        try:
            self._table.write(Update(_pk(account.id), _STATUS, update, values | known, condition))
        except ConditionFailed:
            return

    def _store(self, account_id: str, key: str, snapshot: Snapshot, now: datetime) -> None:
        item = {"pk": _pk(account_id), "sk": key, "snapshotDate": snapshot.snapshot_date, "storedAt": times.to_key(now)}
        put_with_blob(self._table, item, snapshot.text.encode(), part_prefix=_part_prefix(key))

    def _record_again(self, account: Account, snapshot: Snapshot, now: datetime, *, lapsed: bool) -> bool:
        """Somebody else moved the status between our read and our write: look again, or take back what we stored."""
        current, key = self.find(account.id), _snapshot_key(snapshot, account)
        if current is None or current.owner != account.owner:
            self._take_back(account.id, key)
            raise NotFound("The connection was unlinked meanwhile")
        known = {account.content_hash, snapshot.content_hash}
        if current.content_hash not in known and current.as_of and current.as_of < snapshot.as_of:
            self._take_back(account.id, key)
            raise Overtaken
        return self.record(current, snapshot, now, lapsed=lapsed)

    def _take_back(self, account_id: str, key: str) -> None:
        stored = self._table.get(_pk(account_id), key)
        if stored:
            self._table.delete_all([*part_keys(stored, _part_prefix(key)), (stored["pk"], key)])

    # Orders ------------------------------------------------------------------------------------

    def note_trade(self, account_id: str, owner: str, at: datetime) -> None:
        """An order of the owner was filled here: snapshots from before `at` are due. Silent when it is not linked."""
        values = {"at": times.to_key(at), "owner": owner}
        later = "attribute_not_exists(#tradedAt) OR #tradedAt < :at"
        update = Update(_pk(account_id), _STATUS, "SET #tradedAt = :at", values, f"#owner = :owner AND ({later})")
        try:
            self._table.write(update)
        except ConditionFailed:
            return

    def note_pending(self, account_id: str, iscid: str, action: PendingAction | None) -> None:
        """What is recommended for an investment now; None: nothing any more. Silent when the account is not linked."""
        for _ in range(_TRIES):
            account = self.find(account_id)
            if account is None:
                return
            known = {one.iscid: one for one in account.pending_actions}
            before = known.pop(iscid, None)
            if (before and before.action) == (action and action.action):
                return
            actions = sorted([*known.values(), *([action] if action else [])], key=lambda one: one.since)
            values = {
                "owner": account.owner,
                "pending": _pending(actions[-_MOST_PENDING:]),
                "seen": _pending(account.pending_actions),
            }
            unmoved = "#pendingActions = :seen"
            if not account.pending_actions:
                unmoved = f"(attribute_not_exists(#pendingActions) OR {unmoved})"
            update = "SET #pendingActions = :pending"
            try:
                self._table.write(Update(_pk(account_id), _STATUS, update, values, f"#owner = :owner AND {unmoved}"))
            except ConditionFailed:
                continue  # another action of this account came at the same moment
            return
        raise StoreUnavailable("The account is being changed by several requests at once: try again")

    # Unlinking ---------------------------------------------------------------------------------

    def unlink(self, account_id: str, owner: str, now: datetime) -> datetime:
        """End the ownership and leave a consent record; when that was, for `erase_snapshots`.

        Raises: NotFound, unless this owner has unlinked it before: then the time of that.
        """
        account = self.find(account_id)
        if account is None or account.owner != owner:
            erased = self._table.get(_pk(account_id), _ERASED)
            if erased and erased["owner"] == owner:
                return times.parse(erased["erasedAt"])
            raise NotFound("No such connection")
        erased_at = times.to_key(now)
        consent = {
            "pk": _user(owner),
            "sk": f"CONSENT#{account_id}#{erased_at}",
            "broker": account.broker,
            "givenAt": times.to_text(account.linked_at),
            "withdrawnAt": times.to_text(now),
            "transactionId": account.transaction_id,
        }
        try:
            self._table.write_together(
                [
                    Delete(_pk(account_id), _STATUS, "#owner = :owner", {"owner": owner}),
                    Delete(_user(owner), _pk(account_id)),
                    Put({"pk": _pk(account_id), "sk": _ERASED, "owner": owner, "erasedAt": erased_at}),
                    Put(consent),
                ]
            )
        except ConditionFailed:
            raise NotFound("No such connection") from None
        return now

    def erase_snapshots(self, account_id: str, stored_before: datetime) -> None:
        """Delete the portfolios from before the unlinking; what was imported after a new linking stays."""
        for prefix in ("SNAPSHOT#", "PART#"):
            items = self._table.query(_pk(account_id), prefix=prefix)
            old = [item for item in items if item["storedAt"] <= times.to_key(stored_before)]
            self._table.delete_all([(item["pk"], item["sk"]) for item in old])

    @staticmethod
    def _check_owner(account: Account | None, owner: str) -> Account:
        if account is None or account.owner != owner:
            raise NotFound("No such connection")
        return account


def not_erased_since(account_id: str, begun_at: datetime) -> Check:
    """For a write that a transaction begun then may make only while its user has not unlinked the account."""
    condition = "attribute_not_exists(#pk) OR #erasedAt < :begunAt"
    return Check(_pk(account_id), _ERASED, condition, {"begunAt": times.to_key(begun_at)})


def _pointing_at(snapshot: Snapshot, account: Account, key: str | None, now: datetime, *, lapsed: bool) -> Update:
    assignments = {
        "asOf": times.to_key(snapshot.as_of),
        "snapshotDate": snapshot.snapshot_date,
        "lastUpdate": snapshot.last_update or snapshot.snapshot_date,
        "snapshotKey": key,
        "contentHash": snapshot.content_hash,
        **_measures(snapshot, account),
        "broker": account.broker or snapshot.broker,
        "lastSuccessAt": times.to_text(now),
        "lastAttemptAt": times.to_text(now),
        **_work_of(account.broker or snapshot.broker, account.id, snapshot.as_of),
    }
    removed = "#lastFailure, #leaseUntil"
    if not lapsed:
        assignments |= {"state": SessionState.ACTIVE, "stateSince": times.to_text(_active_since(account, now))}
        removed += ", #stateReason, #staleSince"
    elif account.state is SessionState.ACTIVE:
        assignments |= _needs_login(NOT_MOVING, now) | {"staleSince": times.to_text(now)}
    return Update(
        _pk(account.id),
        _STATUS,
        f"{_set(assignments)} REMOVE {removed}",
        {**assignments, **_as_read(account)},
        condition=(
            "#owner = :owner AND #linkedAt = :linkedAt AND #state = :seen"
            " AND (attribute_not_exists(#asOf) OR #asOf < :asOf OR (#asOf = :asOf AND #size < :size))"
            f" AND {'#contentHash = :expected' if account.content_hash else 'attribute_not_exists(#contentHash)'}"
        ),
    )


def _as_read(account: Account) -> Item:
    """What the write relies on: the same linking, the same state of its session, the portfolio that was compared."""
    linked_at = times.to_text(account.linked_at)
    expected = {"expected": account.content_hash} if account.content_hash else {}
    return {"owner": account.owner, "linkedAt": linked_at, "seen": account.state, **expected}


def _account(item: Item) -> Account:
    return Account(
        id=item["pk"].removeprefix("ACCOUNT#"),
        owner=item["owner"],
        broker=item["broker"],
        mutual_funds=bool(item.get("mutualFunds")),
        linked_at=times.parse(item["linkedAt"]),
        transaction_id=item["transactionId"],
        state=SessionState(item["state"]),
        state_since=_instant(item, "stateSince"),
        state_reason=item.get("stateReason"),
        as_of=_instant(item, "asOf"),
        snapshot_date=item.get("snapshotDate"),
        last_update=item.get("lastUpdate"),
        snapshot_key=item.get("snapshotKey"),
        content_hash=item.get("contentHash"),
        version=item.get("version", "v2"),
        size=int(item.get("size", 0)),
        funds=int(item.get("funds", 0)),
        last_success_at=_instant(item, "lastSuccessAt"),
        last_attempt_at=_instant(item, "lastAttemptAt"),
        last_failure=item.get("lastFailure"),
        stale_since=_instant(item, "staleSince"),
        lease_until=_instant(item, "leaseUntil"),
        traded_at=_instant(item, "tradedAt"),
        pending_actions=_pending_actions(item),
    )


def _pending_actions(item: Item) -> tuple[PendingAction, ...]:
    told = item.get("pendingActions", {})
    return tuple(
        PendingAction(iscid, one["action"], times.parse(one["since"]), one.get("scid"), one.get("name"))
        for iscid, one in told.items()
    )


def _pending(actions: Iterable[PendingAction]) -> Item:
    return {
        one.iscid: {"action": one.action, "since": times.to_text(one.since), "scid": one.scid, "name": one.name}
        for one in actions
    }


def _measures(snapshot: Snapshot, account: Account) -> Item:
    if snapshot.content_hash == account.content_hash:
        return {"version": account.version, "size": account.size, "funds": account.funds}
    portfolio = snapshot.portfolio
    return {"version": portfolio.version, "size": portfolio.size, "funds": len(portfolio.mutual_funds)}


def _set(values: Item) -> str:
    return f"SET {', '.join(f'#{name} = :{name}' for name in values)}"


def _needs_login(reason: str, now: datetime) -> Item:
    return {"state": SessionState.NEEDS_LOGIN, "stateSince": times.to_text(now), "stateReason": reason}


def _work_of(broker: str, account_id: str, as_of: datetime) -> Item:
    """Where the account stands in the Work index while its snapshot is fresh."""
    shard = _WATCH_SHARDS[slot_of(account_id) % len(_WATCH_SHARDS)]
    watched = {"workKey": f"WATCH#{shard}", "workOrder": times.to_key(as_of)}
    return _in_refresh_slot(broker, account_id) or watched


def _in_refresh_slot(broker: str, account_id: str) -> Item:
    if not known_broker(broker).long_lived:
        return {}
    return {"workKey": _slot_list(slot_of(account_id)), "workOrder": account_id}


def _slot_list(slot: int) -> str:
    return f"REFRESH#{slot:03d}"


def _id(item: Item) -> str:
    return str(item["pk"].removeprefix("ACCOUNT#"))


def _is_healed_by(transaction: Transaction, account: Account) -> bool:
    """A login that began after the session was lost opens a new one."""
    since = account.state_since
    return account.state is not SessionState.ACTIVE and since is not None and transaction.created_at > since


def _active_since(account: Account, now: datetime) -> datetime:
    """Gateway hands out holdings only while the session lives: an import heals whatever was noted."""
    return account.state_since if account.state is SessionState.ACTIVE and account.state_since else now


def _instant(item: Item, name: str) -> datetime | None:
    return times.parse(item[name]) if item.get(name) else None


def _pk(account_id: str) -> str:
    return f"ACCOUNT#{account_id}"


def _user(owner: str) -> str:
    return f"USER#{owner}"


def _snapshot_key(snapshot: Snapshot, account: Account) -> str:
    """By date; the hash keeps apart two answers for one date, and one answer stored under two linkings."""
    identity = f"{account.owner} {times.to_text(account.linked_at)} {snapshot.content_hash}"
    return f"SNAPSHOT#{times.to_key(snapshot.as_of)}#{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _part_prefix(snapshot_key: str) -> str:
    return f"PART#{snapshot_key.removeprefix('SNAPSHOT#')}"
