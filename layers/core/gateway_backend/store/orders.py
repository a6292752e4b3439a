"""Order batches: `TXN#<id>` / `BATCH#<batch id>`, beside the transaction that placed them.

The index Lists lists a user's (`ORDERS#<sub>`) by when we first heard of them. What the batch says is one compressed
text: its numbers keep their digits, and a basket of fifty still is one write unit or two.
"""

import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gateway_backend.domain import exact_json, times
from gateway_backend.domain.errors import StoreUnavailable
from gateway_backend.domain.orders import Batch, BatchStatus, KnownBatch, Order, OrderStatus
from gateway_backend.domain.transactions import Transaction
from gateway_backend.store.accounts import not_erased_since
from gateway_backend.store.codec import Item
from gateway_backend.store.table import ConditionFailed, Put, Table, Update

if TYPE_CHECKING:
    from gateway_backend.store.order_filters import Filters

_PREFIX = "BATCH#"
_WITHDRAWN = 1
"""Position of the check that the account was not unlinked since."""

_TRIES = 5
_OF_ORDER = tuple(field.name for field in fields(Order))
_OF_BATCH = tuple(field.name for field in fields(Batch) if field.name != "orders")
_PAGE = 100
_MOST_PAGES = 10
"""Of a user's batches looked at for one answer: then the caller goes on with the cursor."""


class Orders:
    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, transaction_id: str) -> list[KnownBatch]:
        """A transaction's batches, in the order of their ids; those that were erased with their account are not."""
        items = self._table.query(_pk(transaction_id), prefix=_PREFIX)
        return [_read(item) for item in items if "body" in item]

    def list(
        self, owner: str, filters: "Filters", *, after: Item | None, limit: int
    ) -> tuple[list[KnownBatch], Item | None]:
        """A page of the user's batches, newest first, and where to go on; eventually consistent.

        The page may be short of `limit` although there is more, when few of many fit the filters.
        """
        found: list[KnownBatch] = []
        for _ in range(_MOST_PAGES):
            page, following = self._table.list(
                _list_key(owner), descending=True, after=after, limit=_PAGE, between=filters.span()
            )
            for item in page:
                if len(found) == limit:
                    return found, after
                if filters.fit(item):
                    found.append(_read(item))
                after = {name: item[name] for name in ("pk", "sk", "listKey", "listOrder")}
            if following is None:
                return found, None
        return found, after

    def find(self, owner: str, batch_id: str) -> KnownBatch | None:
        """One of the user's batches by its id; eventually consistent."""
        return next((known for known in self._every(owner) if known.batch.id == batch_id), None)

    def record(self, transaction: Transaction, news: Batch, now: datetime) -> KnownBatch:
        """Bring the batch forward by what Gateway says, whatever somebody else writes meanwhile; as it is afterwards.

        Nothing is written when the news brings nothing new.
        """
        for _ in range(_TRIES):
            item = self._table.get(_pk(transaction.id), _sk(news.id))
            before = _read(item) if item and "body" in item else None
            if before and not before.is_changed_by(news, transaction.account_id):
                return before
            after = _after(transaction, before, news, now)
            if item and before is None:
                return after  # erased with its account: nobody is told any more
            try:
                self._write(after, before.revision if before else None, transaction.created_at)
            except ConditionFailed as refused:
                if _WITHDRAWN in refused.which:
                    return after
                continue
            return after
        raise StoreUnavailable("The order is being changed by several requests at once: try again")

    def erase_of_account(self, owner: str, account_id: str, now: datetime) -> None:
        """Forget what the user's batches of an account say. That there was one stays: late news must not revive it."""
        for known in self._every(owner):
            if known.account_id != account_id or known.placed_at > now:
                continue
            update = "REMOVE #body, #listKey, #listOrder"
            key = (_pk(known.transaction_id), _sk(known.batch.id))
            try:
                self._table.write(Update(*key, update, condition="attribute_exists(#pk)"))
            except ConditionFailed:
                continue

    def _every(self, owner: str) -> Iterator[KnownBatch]:
        return map(_read, self._table.every(_list_key(owner), descending=True))

    def _write(self, known: KnownBatch, seen: int | None, begun_at: datetime) -> None:
        item = batch_item(known)
        if seen is None:
            # An account that is being unlinked in this moment gets no new order: nobody would erase it.
            linked = [not_erased_since(known.account_id, begun_at)] if known.account_id else []
            self._table.write_together([Put(item, "attribute_not_exists(#pk)"), *linked])
        else:
            # An erasure leaves the revision as it is, but no body.
            self._table.write(Put(item, "#revision = :seen AND attribute_exists(#body)", {"seen": seen}))


def _after(transaction: Transaction, before: KnownBatch | None, news: Batch, now: datetime) -> KnownBatch:
    if before:
        return replace(
            before,
            batch=before.batch.merge(news),
            account_id=before.account_id or transaction.account_id,
            broker=before.broker or transaction.broker,
            updated_at=now,
            revision=before.revision + 1,
        )
    return KnownBatch(
        batch=news,
        transaction_id=transaction.id,
        owner=transaction.owner,
        account_id=transaction.account_id,
        broker=transaction.broker,
        name=transaction.order.name if transaction.order else None,
        placed_at=now,
        updated_at=now,
        revision=1,
    )


def batch_item(known: KnownBatch) -> Item:
    """As the table keeps it."""
    batch = known.batch
    return {
        "pk": _pk(known.transaction_id),
        "sk": _sk(batch.id),
        "listKey": _list_key(known.owner),
        "listOrder": f"{times.to_key(known.placed_at)}#{batch.id}",
        "owner": known.owner,
        "smallcaseAuthId": known.account_id,
        "broker": known.broker,
        "status": batch.status,
        "final": batch.is_final,
        "revision": known.revision,
        "createdAt": times.to_key(known.placed_at),
        "updatedAt": times.to_key(known.updated_at),
        "body": zlib.compress(exact_json.dumps(_told(batch) | {"name": known.name}).encode(), 6),
    }


def _told(batch: Batch) -> dict[str, Any]:
    orders = [_members(order) for order in batch.orders]
    return _members(batch) | {"orders": orders}


def _members(part: Batch | Order) -> dict[str, Any]:
    """What it says, without what it does not say; instants as text."""
    said = ((name, getattr(part, name)) for name in (_OF_BATCH if isinstance(part, Batch) else _OF_ORDER))
    return {
        name: times.to_key(value) if isinstance(value, datetime) else value for name, value in said if value is not None
    }


def _read(item: Item) -> KnownBatch:
    said = exact_json.loads(zlib.decompress(item["body"]))
    name, orders = said.pop("name", None), said.pop("orders")
    batch = Batch(
        **said
        | {
            "status": BatchStatus(said["status"]),
            "asked_at": times.parse(said["asked_at"]),
            "orders": tuple(map(_order, orders)),
        }
        | _amounts(said, "buy_amount", "sell_amount")
    )
    return KnownBatch(
        batch=batch,
        transaction_id=item["pk"].removeprefix("TXN#"),
        owner=item["owner"],
        account_id=item.get("smallcaseAuthId"),
        broker=item.get("broker"),
        name=name,
        placed_at=times.parse(item["createdAt"]),
        updated_at=times.parse(item["updatedAt"]),
        revision=int(item["revision"]),
    )


def _order(said: dict[str, Any]) -> Order:
    return Order(
        **{"side": None}
        | said
        | {"status": OrderStatus(said["status"]), "asked_at": times.parse(said["asked_at"])}
        | _amounts(said, "average_price")
    )


def _amounts(said: dict[str, Any], *names: str) -> dict[str, Decimal]:
    """A whole amount is an int in JSON."""
    return {name: Decimal(said[name]) for name in names if name in said}


def _pk(transaction_id: str) -> str:
    return f"TXN#{transaction_id}"


def _sk(batch_id: str) -> str:
    return f"{_PREFIX}{batch_id}"


def _list_key(owner: str) -> str:
    return f"ORDERS#{owner}"
