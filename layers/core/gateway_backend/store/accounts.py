"""Accounts: their status, their snapshots, who owns them (design section 5).

ACCOUNT#<id> / STATUS       owner, newest `snapshotDate`, which snapshot holds it: the one truth
ACCOUNT#<id> / SNAPSHOT#…   portfolios by date, immutable; written before the status points at them
ACCOUNT#<id> / PART#…       what of a large portfolio did not fit
ACCOUNT#<id> / ERASED       when it was last unlinked: older transactions may not link it again
USER#<sub>   / ACCOUNT#<id> membership, written together with the status
USER#<sub>   / CONSENT#…    the record of a consent that ended
"""

import hashlib
from datetime import datetime

from gateway_backend.domain import times
from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import AccountOfAnotherUser, ConnectionWithdrawn, NotFound
from gateway_backend.domain.freshness import SessionState
from gateway_backend.domain.snapshots import Snapshot
from gateway_backend.domain.transactions import Transaction
from gateway_backend.store.blobs import part_keys, put_with_blob, read_blob
from gateway_backend.store.codec import Item
from gateway_backend.store.table import Check, ConditionFailed, Delete, Put, Table, Update

_STATUS, _ERASED = "STATUS", "ERASED"


class Accounts:
    def __init__(self, table: Table) -> None:
        self._table = table

    # Reading -----------------------------------------------------------------------------------

    def find(self, account_id: str) -> Account | None:
        item = self._table.get(_pk(account_id), _STATUS)
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
        }
        update = (
            "SET #owner = :owner, #broker = :broker, #mutualFunds = :mutualFunds, #state = :active,"
            " #linkedAt = if_not_exists(#linkedAt, :now),"
            f" #stateSince = {':now' if healed else 'if_not_exists(#stateSince, :now)'},"
            " #transactionId = if_not_exists(#transactionId, :transactionId)"
        )
        free = "attribute_not_exists(#owner) OR #owner = :owner"
        not_since = "attribute_not_exists(#pk) OR #erasedAt < :begunAt"
        try:
            self._table.write_together(
                [
                    Update(_pk(account_id), _STATUS, update, values, condition=free),
                    Check(_pk(account_id), _ERASED, not_since, {"begunAt": times.to_key(transaction.created_at)}),
                    Put({"pk": _user(owner), "sk": _pk(account_id), "linkedAt": values["now"]}),
                ]
            )
        except ConditionFailed as refused:
            raise (AccountOfAnotherUser() if 0 in refused.which else ConnectionWithdrawn()) from None

    # Importing ---------------------------------------------------------------------------------

    def record(self, account: Account, snapshot: Snapshot, now: datetime) -> bool:
        """Make the snapshot the account's newest; False when what is there is newer, or as new and no smaller.

        The portfolio is stored first and the status then points at it, so a reader always finds a whole one, and a
        crash in between leaves the last good one in place. Raises: NotFound when the account was unlinked meanwhile.
        """
        if account.as_of and (snapshot.as_of, snapshot.portfolio.size) <= (account.as_of, account.size):
            self._record_attempt(account, now)
            return False
        changed = snapshot.content_hash != account.content_hash
        key = _snapshot_key(snapshot, account) if changed else account.snapshot_key
        if changed:
            self._store(account.id, key or "", snapshot, now)
        try:
            self._table.write(_pointing_at(snapshot, account, key, now))
        except ConditionFailed:
            return self._record_again(account, snapshot, now)
        return True

    def record_failure(self, account: Account, reason: str, now: datetime, *, needs_login: bool = False) -> None:
        """Note on the status that an attempt failed; the last good snapshot stays. Silent when unlinked meanwhile."""
        values: Item = {"now": times.to_text(now), "reason": reason}
        update = "SET #lastAttemptAt = :now, #lastFailure = :reason"
        if needs_login and account.state is SessionState.ACTIVE:
            update += ", #state = :needsLogin, #stateSince = :now, #stateReason = :reason"
            values["needsLogin"] = SessionState.NEEDS_LOGIN
        self._touch(account, update, values)

    def _record_attempt(self, account: Account, now: datetime) -> None:
        """Gateway answered well but has nothing newer: that mends a noted failure and is worth no write otherwise."""
        if account.last_failure:
            update = "SET #lastAttemptAt = :now, #lastSuccessAt = :now, #state = :active, #stateSince = :since"
            values = {"active": SessionState.ACTIVE, "since": times.to_text(_active_since(account, now))}
            update += " REMOVE #lastFailure, #stateReason"
            self._touch(account, update, {**values, "now": times.to_text(now)})

    def _touch(self, account: Account, update: str, values: Item) -> None:
        still_owned = {**values, "owner": account.owner}
        try:
            self._table.write(Update(_pk(account.id), _STATUS, update, still_owned, condition="#owner = :owner"))
        except ConditionFailed:
            return

    def _store(self, account_id: str, key: str, snapshot: Snapshot, now: datetime) -> None:
        item = {"pk": _pk(account_id), "sk": key, "snapshotDate": snapshot.snapshot_date, "storedAt": times.to_key(now)}
        put_with_blob(self._table, item, snapshot.text.encode(), part_prefix=_part_prefix(key))

    def _record_again(self, account: Account, snapshot: Snapshot, now: datetime) -> bool:
        """Somebody else moved the status between our read and our write: look again, or take back what we stored."""
        current = self.find(account.id)
        if current and current.owner == account.owner:
            return self.record(current, snapshot, now)
        key = _snapshot_key(snapshot, account)
        stored = self._table.get(_pk(account.id), key)
        if stored:
            self._table.delete_all([*part_keys(stored, _part_prefix(key)), (stored["pk"], key)])
        raise NotFound("The connection was unlinked meanwhile")

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


def _pointing_at(snapshot: Snapshot, account: Account, key: str | None, now: datetime) -> Update:
    assignments = {
        "asOf": times.to_key(snapshot.as_of),
        "snapshotDate": snapshot.snapshot_date,
        "lastUpdate": snapshot.last_update or snapshot.snapshot_date,
        "snapshotKey": key,
        "contentHash": snapshot.content_hash,
        "version": snapshot.portfolio.version,
        "size": snapshot.portfolio.size,
        "funds": len(snapshot.portfolio.mutual_funds),
        "broker": account.broker or snapshot.broker,
        "state": SessionState.ACTIVE,
        "stateSince": times.to_text(_active_since(account, now)),
        "lastSuccessAt": times.to_text(now),
        "lastAttemptAt": times.to_text(now),
    }
    return Update(
        _pk(account.id),
        _STATUS,
        f"SET {', '.join(f'#{name} = :{name}' for name in assignments)} REMOVE #lastFailure, #stateReason",
        {**assignments, "owner": account.owner, "expected": account.content_hash or ""},
        condition=(
            "#owner = :owner"
            " AND (attribute_not_exists(#asOf) OR #asOf < :asOf OR (#asOf = :asOf AND #size < :size))"
            " AND (attribute_not_exists(#contentHash) OR #contentHash = :expected)"
        ),
    )


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
    )


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
