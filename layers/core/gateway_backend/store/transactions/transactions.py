"""Transactions: `TXN#<id>` / `META`, and what is stored beside it.

`USER#<sub>` / `TXN#<created at>#<id>` is the membership, written together with the transaction: a user's transactions
are found with consistent reads, for erasing them.
"""

from collections.abc import Callable, Iterator
from copy import replace
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate, NotFound, StoreUnavailable
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections.codec import user_pk
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.versions import difference
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put, Write
from gateway_backend.store.transactions.codec import META, SHARDS, from_item, list_key, to_item, transaction_pk

_TRIES = 5
_MEMBERSHIP = "TXN#"


class Membership(NamedTuple):
    """A user's transaction. `position` orders a user's by time; `idempotency_key` created it, if that is recorded."""

    position: str
    transaction_id: str
    idempotency_key: str | None = None


class Transactions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, transaction: Transaction, *together_with: Write, idempotency_key: str | None = None) -> None:
        """Store a new transaction, all or nothing with the other writes. Raises: ConditionFailed."""
        item = to_item(transaction)
        membership = {
            "pk": user_pk(transaction.owner),
            "sk": _MEMBERSHIP + item["listOrder"],
            "idempotencyKey": idempotency_key,
        }
        self._table.write_together([Put(item, "attribute_not_exists(#pk)"), *together_with, Put(membership)])

    def find(self, transaction_id: str) -> Transaction | None:
        item = self._table.get(transaction_pk(transaction_id), META)
        return from_item(item) if item else None

    def owned(self, transaction_id: str, owner: str) -> Transaction:
        """Raises: NotFound when it is unknown or somebody else's."""
        transaction = self.find(transaction_id)
        if transaction is None or transaction.owner != owner:
            raise NotFound("No such transaction")
        return transaction

    def list(self, owner: str, *, after: Item | None, limit: int) -> tuple[list[Transaction], Item | None]:
        """A page of the user's transactions, newest first, and where the next page starts; for reading only."""
        page, following = self._table.list(list_key(owner), descending=True, after=after, limit=limit)
        return [from_item(item) for item in page], following

    def every(self, owner: str) -> Iterator[Transaction]:
        """All of the user's transactions, the oldest first; eventually consistent, and for reading only."""
        return map(from_item, self._table.every(list_key(owner)))

    def memberships(self, owner: str, *, until: datetime, after: str = "") -> Iterator[Membership]:
        """The user's transactions that began until then, in order of their positions, from behind `after` on.

        Former releases wrote no memberships: their transactions are found in the index.
        """
        first, last = after or "0", f"{times.to_key(until)}$"  # $ sorts above the # in a position
        written = map(_membership, self._table.between(user_pk(owner), _MEMBERSHIP + first, _MEMBERSHIP + last))
        listed = map(_listed, self._table.every(list_key(owner), between=(first, last)))
        for position, same in groupby(merge(written, listed, key=attrgetter("position")), attrgetter("position")):
            if position != after:
                yield next(same)

    def after_newest(self, owner: str, now: datetime) -> datetime:
        """The time, but later than the user's newest transaction, whose worker's clock may be ahead of this one's.

        So what is withdrawn now is withdrawn from every transaction that began before.
        """
        newest = self._table.latest_before(user_pk(owner), f"{_MEMBERSHIP}0", f"{_MEMBERSHIP}9")
        if newest is None:
            return now
        began_at, _, _ = _membership(newest).position.partition("#")
        return times.after(times.parse(began_at), now)

    def forget_memberships(self, owner: str, *, until: datetime) -> None:
        """After their transactions have been erased."""
        written = self._table.between(user_pk(owner), f"{_MEMBERSHIP}0", f"{_MEMBERSHIP}{times.to_key(until)}$")
        self._table.delete_all([(item["pk"], item["sk"]) for item in written])

    def erase(self, transaction_id: str) -> int:
        """Delete the transaction and all that is stored beside it: how many items that were."""
        items = self._table.outline(transaction_pk(transaction_id))
        self._table.delete_all([(item["pk"], item["sk"]) for item in items])
        return len(items)

    def to_check(self, now: datetime) -> Iterator[str]:
        """Ids of the transactions whose next check is due."""
        for shard in SHARDS:
            for item in self._table.work(f"OPEN#{shard}", until=times.to_key(now)):
                yield item["pk"].removeprefix(transaction_pk(""))

    def save(self, before: Transaction, after: Transaction) -> Transaction:
        """Store what was decided on the transaction as it was read; as it is stored now.

        Raises: ConcurrentUpdate when another worker has changed it since.
        """
        try:
            self._table.write(difference(to_item(before), to_item(after), read_version=before.item_version))
        except ConditionFailed:
            raise ConcurrentUpdate from None
        return replace(after, item_version=before.item_version + 1)

    def update(self, transaction: Transaction, change: Callable[[Transaction], Transaction]) -> Transaction:
        """Store a change. Where another worker has written since, it is decided anew on what that one stored.

        Nothing is written when the change changes nothing. Gives the transaction afterwards.
        """
        for _ in range(_TRIES):
            changed = change(transaction)
            if changed == transaction:
                return transaction
            try:
                return self.save(transaction, changed)
            except ConcurrentUpdate:
                stored = self.find(transaction.id)
            if stored is None:
                return changed
            transaction = stored
        raise StoreUnavailable("The transaction is being changed by several requests at once: try again")


def _membership(item: Item) -> Membership:
    position = item["sk"].removeprefix(_MEMBERSHIP)
    return Membership(position, position.partition("#")[2], item.get("idempotencyKey"))


def _listed(item: Item) -> Membership:
    return Membership(item["listOrder"], item["pk"].removeprefix(transaction_pk("")))
