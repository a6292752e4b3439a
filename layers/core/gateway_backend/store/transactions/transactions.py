"""Transactions: `TXN#<id>` / `META`."""

from collections.abc import Callable, Iterator
from copy import replace
from datetime import datetime

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate, NotFound, StoreUnavailable
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import ConditionFailed, Put, Table, Write
from gateway_backend.store.dynamodb.versions import difference
from gateway_backend.store.transactions.codec import META, SHARDS, from_item, list_key, to_item, transaction_pk

_TRIES = 5


class Transactions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, transaction: Transaction, *together_with: Write) -> None:
        """Store a new transaction, all or nothing with the other writes. Raises: ConditionFailed."""
        self._table.write_together([Put(to_item(transaction), "attribute_not_exists(#pk)"), *together_with])

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

    def of_account(self, owner: str, account_id: str) -> Iterator[str]:
        """Ids of the user's transactions with an account."""
        for item in self._table.every(list_key(owner)):
            if item.get("smallcaseAuthId") == account_id:
                yield item["pk"].removeprefix(transaction_pk(""))

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
