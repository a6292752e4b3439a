"""Connections: the status of an account, who owns it, and what remains when it is unlinked.

ACCOUNT#<id> / STATUS       owner, session, newest snapshot: the one truth about the account
ACCOUNT#<id> / ERASED#<32 of hash>  when a user, by a hash of the sub, last unlinked it: the user's transactions from
                            before may not link it again
ACCOUNT#<id> / ERASED       the same of whoever was the last, which is all that former releases wrote
USER#<sub>   / ACCOUNT#<id> membership, written together with the status
USER#<sub>   / CONSENT#…    the record of a consent that ended; it is never erased
"""

from collections.abc import Callable, Iterator
from copy import replace
from datetime import datetime

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import ConsentRecord
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate, ConnectionWithdrawn, NotFound, StoreUnavailable
from gateway_backend.store.connections.codec import (
    ERASED,
    STATUS,
    WATCH_SHARDS,
    account_id_of,
    account_pk,
    erased_sk,
    from_item,
    slot_list,
    to_item,
    user_pk,
)
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.versions import difference
from gateway_backend.store.dynamodb.writes import Check, ConditionFailed, Delete, Put, Update, Write

_TRIES = 5
_CONSENT = "CONSENT#"
_NOT_ERASED = 1
"""Position of the check that the account was not unlinked since a transaction began."""


class Connections:
    def __init__(self, table: Table) -> None:
        self._table = table

    # Reading -----------------------------------------------------------------------------------

    def find(self, account_id: str, *, consistent: bool = True) -> Connection | None:
        """`consistent=False` costs half and may miss the last second: enough where a conditional write follows."""
        item = self._table.get(account_pk(account_id), STATUS, consistent=consistent)
        return from_item(item) if item else None

    def owned(self, account_id: str, owner: str) -> Connection:
        """Raises: NotFound when it is unknown or somebody else's."""
        return check_owner(self.find(account_id), owner)

    def ids_of(self, owner: str) -> list[str]:
        memberships = self._table.query(user_pk(owner), prefix=account_pk(""))
        return [item["sk"].removeprefix(account_pk("")) for item in memberships]

    def all_of(self, owner: str) -> list[Connection]:
        """Every connection of the user, the longest linked first."""
        found = (self.find(account_id) for account_id in self.ids_of(owner))
        return sorted((c for c in found if c and c.owner == owner), key=lambda connection: connection.linked_at)

    def in_slot(self, slot: int) -> Iterator[str]:
        """Ids of the long-lived accounts in a refresh slot."""
        return map(account_id_of, self._table.work(slot_list(slot)))

    def watched(self, close: datetime) -> Iterator[str]:
        """Ids of the accounts whose snapshot is not from after the close, and has not been flagged stale."""
        for shard in WATCH_SHARDS:
            yield from map(account_id_of, self._table.work(f"WATCH#{shard}", until=times.to_key(close)))

    # Writing -----------------------------------------------------------------------------------

    def save(self, before: Connection, after: Connection) -> Connection:
        """Store what was decided on the connection as it was read; as it is stored now.

        Raises: ConcurrentUpdate when another worker has changed it since, or it was unlinked.
        """
        try:
            self._table.write(_difference(before, after))
        except ConditionFailed:
            raise ConcurrentUpdate from None
        return replace(after, item_version=before.item_version + 1)

    def update(self, connection: Connection, change: Callable[[Connection], Connection]) -> Connection | None:
        """Store a change. Where another worker has written since, it is decided anew on what that one stored.

        Nothing is written when the change changes nothing. Gives the connection afterwards, None when it was unlinked.
        Raises: what the change raises.
        """
        for _ in range(_TRIES):
            changed = change(connection)
            if changed == connection:
                return connection
            try:
                return self.save(connection, changed)
            except ConcurrentUpdate:
                stored = self.find(connection.id)
            if stored is None:
                return None
            connection = stored
        raise StoreUnavailable("The account is being changed by several requests at once: try again")

    def link(self, before: Connection | None, after: Connection, began_at: datetime) -> Connection:
        """Store the link that a transaction, begun at that moment, has made or changed.

        Raises: ConnectionWithdrawn when the account was unlinked after the transaction began; ConcurrentUpdate.
        """
        membership = Put(
            {"pk": user_pk(after.owner), "sk": account_pk(after.id), "linkedAt": times.to_text(after.linked_at)}
        )
        status = Put(to_item(after), "attribute_not_exists(#pk)") if before is None else _difference(before, after)
        try:
            self._table.write_together([status, not_erased_since(after.id, after.owner, began_at), membership])
        except ConditionFailed as refused:
            raise (ConnectionWithdrawn() if _NOT_ERASED in refused.which else ConcurrentUpdate()) from None
        return replace(after, item_version=before.item_version + 1 if before else 0)

    def unlink(self, consent: ConsentRecord, *together_with: Write) -> None:
        """End the ownership and leave the record of the consent, all or nothing with the other writes.

        Raises: NotFound when it is the owner's no more.
        """
        withdrawn_at = times.to_key(consent.withdrawn_at)
        record = {
            "pk": user_pk(consent.owner),
            "sk": f"{_CONSENT}{consent.account_id}#{withdrawn_at}",
            "broker": consent.broker,
            "givenAt": times.to_text(consent.given_at),
            "withdrawnAt": times.to_text(consent.withdrawn_at),
            "transactionId": consent.transaction_id,
        }
        pk = account_pk(consent.account_id)
        try:
            self._table.write_together(
                [
                    Delete(pk, STATUS, "#owner = :owner", {"owner": consent.owner}),
                    Delete(user_pk(consent.owner), pk),
                    Put({"pk": pk, "sk": erased_sk(consent.owner), "owner": consent.owner, "erasedAt": withdrawn_at}),
                    Put({"pk": pk, "sk": ERASED, "owner": consent.owner, "erasedAt": withdrawn_at}),
                    Put(record),
                    *together_with,
                ]
            )
        except ConditionFailed:
            raise NotFound("No such connection") from None

    def consents_of(self, owner: str) -> list[ConsentRecord]:
        """Those that the user has withdrawn."""
        return [
            ConsentRecord(
                account_id=item["sk"].split("#")[1],
                owner=owner,
                broker=item["broker"],
                given_at=times.parse(item["givenAt"]),
                withdrawn_at=times.parse(item["withdrawnAt"]),
                transaction_id=item["transactionId"],
            )
            for item in self._table.query(user_pk(owner), prefix=_CONSENT)
        ]

    def last_unlinked_at(self, account_id: str) -> datetime | None:
        """When the account was last unlinked, by whomever."""
        marker = self._table.get(account_pk(account_id), ERASED)
        return times.parse(marker["erasedAt"]) if marker else None

    def unlinked_at(self, account_id: str, owner: str) -> datetime | None:
        """When this owner last unlinked the account; None when they never did."""
        pk = account_pk(account_id)
        marker = self._table.get(pk, erased_sk(owner)) or self._table.get(pk, ERASED)
        return times.parse(marker["erasedAt"]) if marker and marker["owner"] == owner else None


def check_owner(connection: Connection | None, owner: str) -> Connection:
    """Raises: NotFound."""
    if connection is None or connection.owner != owner:
        raise NotFound("No such connection")
    return connection


def not_erased_since(account_id: str, owner: str, began_at: datetime) -> Check:
    """For a write that a transaction may make only while its user has not unlinked the account since it began."""
    condition = "attribute_not_exists(#pk) OR #erasedAt < :beganAt"
    return Check(account_pk(account_id), erased_sk(owner), condition, {"beganAt": times.to_key(began_at)})


def _difference(before: Connection, after: Connection) -> Update:
    """A connection that was unlinked and linked anew counts its writes anew: the link itself must be the same, too."""
    return difference(
        to_item(before),
        to_item(after),
        read_version=before.item_version,
        condition="#owner = :readOwner AND #linkedAt = :readLinkedAt",
        readOwner=before.owner,
        readLinkedAt=times.to_text(before.linked_at),
    )
