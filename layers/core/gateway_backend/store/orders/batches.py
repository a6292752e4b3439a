"""Order batches: `TXN#<id>` / `BATCH#<batch id>`."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from gateway_backend.domain.orders.recorded_batch import BatchStep, RecordedBatch
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.store.connections.connections import not_erased_since
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put, Update
from gateway_backend.store.orders.codec import BATCH, batch_sk, from_item, is_erased, list_key, to_item
from gateway_backend.store.transactions.codec import transaction_pk

if TYPE_CHECKING:
    from gateway_backend.domain.orders.filters import Filters

_NOT_ERASED = 1
"""Position of the check that the account was not unlinked since the transaction began."""

_TRIES = 5
_PAGE = 100
_MOST_PAGES = 10
"""Of a user's batches looked at for one answer: then the caller goes on with the cursor."""


class Batches:
    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, transaction_id: str) -> list[RecordedBatch]:
        """A transaction's batches, in the order of their ids, without those that were erased with their account."""
        items = self._table.query(transaction_pk(transaction_id), prefix=BATCH)
        return [from_item(item) for item in items if not is_erased(item)]

    def list(
        self, owner: str, filters: "Filters", *, after: Item | None, limit: int
    ) -> tuple[list[RecordedBatch], Item | None]:
        """A page of the user's batches, newest first, and where to go on; eventually consistent.

        The page may be short of `limit` although there is more, when few of many match the filters.
        """
        found: list[RecordedBatch] = []
        for _ in range(_MOST_PAGES):
            page, following = self._table.list(
                list_key(owner), descending=True, after=after, limit=_PAGE, between=_span(filters)
            )
            for item in page:
                if len(found) == limit:
                    return found, after
                if _matches(item, filters):
                    found.append(from_item(item))
                after = {name: item[name] for name in ("pk", "sk", "listKey", "listOrder")}
            if following is None:
                return found, None
        return found, after

    def find(self, owner: str, batch_id: str) -> RecordedBatch | None:
        """One of the user's batches by its id; eventually consistent."""
        return next((recorded for recorded in self._every(owner) if recorded.batch.id == batch_id), None)

    def record(
        self, step: BatchStep, decide: Callable[[RecordedBatch | None], BatchStep | None], began_at: datetime
    ) -> RecordedBatch | None:
        """Store a step. Where another worker has stored one since, it is decided anew on that one.

        Gives the batch afterwards; None when it was erased with its account, or the account was unlinked since the
        transaction began: then nothing is reported any more.
        """
        for _ in range(_TRIES):
            try:
                self._write(step, began_at)
            except ConditionFailed as refused:
                if _NOT_ERASED in refused.which:
                    return None
            else:
                return step.after
            item = self._table.get(transaction_pk(step.after.transaction_id), batch_sk(step.after.batch.id))
            if item and is_erased(item):
                return None
            recorded = from_item(item) if item else None
            next_step = decide(recorded)
            if next_step is None:
                return recorded
            step = next_step
        raise StoreUnavailable("The order is being changed by several requests at once: try again")

    def count(self, owner: str) -> int:
        """How many batches are listed for the user; eventually consistent."""
        return self._table.count(list_key(owner))

    def erase_content(self, transaction_id: str, account_id: str) -> int:
        """Erase the content of the transaction's batches of an account: of how many. A marker of each stays."""
        old = [batch for batch in self.of(transaction_id) if batch.account_id == account_id]
        for recorded in old:
            update = "REMOVE #body, #listKey, #listOrder"
            key = (transaction_pk(transaction_id), batch_sk(recorded.batch.id))
            # One that is deleted meanwhile, with everything of its user, must not come back as a marker.
            with suppress(ConditionFailed):
                self._table.write(Update(*key, update, condition="attribute_exists(#pk)"))
        return len(old)

    def _every(self, owner: str) -> Iterator[RecordedBatch]:
        return map(from_item, self._table.every(list_key(owner), descending=True))

    def _write(self, step: BatchStep, began_at: datetime) -> None:
        item = to_item(step.after)
        if step.before is None:
            # An account that is being unlinked at this moment gets no new order: nobody would erase it.
            account_id = step.after.account_id
            linked = [not_erased_since(account_id, step.after.owner, began_at)] if account_id else []
            self._table.write_together([Put(item, "attribute_not_exists(#pk)"), *linked])
        else:
            # An erasure leaves the revision as it is, but no body.
            unchanged = "#revision = :read AND attribute_exists(#body)"
            self._table.write(Put(item, unchanged, {"read": step.before.revision}))


def _matches(item: Item, filters: "Filters") -> bool:
    """Decided before the batch is decompressed: most of a long list may not match."""
    return filters.account_id in (None, item.get("smallcaseAuthId")) and filters.status in (None, item["status"])


def _span(filters: "Filters") -> tuple[str, str]:
    """From and to which `listOrder`, both inclusive: a batch of the moment `until` itself sorts after it."""
    return (
        times.to_key(filters.since) if filters.since else "0",
        times.to_key(filters.until) if filters.until else "~",  # after every digit
    )
