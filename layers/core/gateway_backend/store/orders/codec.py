"""An order batch as the item `TXN#<id>` / `BATCH#<batch id>`, beside the transaction that placed it.

The index Lists has a user's (`ORDERS#<sub>`) by when they were first recorded. The batch itself is one compressed
text: its numbers keep their digits, and a basket of fifty still is one write unit or two.
"""

import zlib
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.transactions.codec import transaction_pk

BATCH = "BATCH#"
_STORED_NAMES = {"reported_at": "asked_at"}
"""Fields whose name in the stored text is an older one."""


def batch_sk(batch_id: str) -> str:
    return BATCH + batch_id


def list_key(owner: str) -> str:
    return f"ORDERS#{owner}"


def is_erased(item: Item) -> bool:
    """A batch that was erased with its account stays as a marker, so that a late report does not revive it."""
    return "body" not in item


def to_item(recorded: RecordedBatch) -> Item:
    batch = recorded.batch
    body = _members(batch) | {"orders": [_members(order) for order in batch.orders], "name": recorded.name}
    return {
        "pk": transaction_pk(recorded.transaction_id),
        "sk": batch_sk(batch.id),
        "listKey": list_key(recorded.owner),
        "listOrder": f"{times.to_key(recorded.placed_at)}#{batch.id}",
        "owner": recorded.owner,
        "smallcaseAuthId": recorded.account_id,
        "broker": recorded.broker,
        "status": batch.status,
        "final": batch.is_final,
        "revision": recorded.revision,
        "createdAt": times.to_key(recorded.placed_at),
        "updatedAt": times.to_key(recorded.updated_at),
        "body": zlib.compress(exact_json.dumps(body).encode(), 6),
    }


def from_item(item: Item) -> RecordedBatch:
    body = exact_json.loads(zlib.decompress(item["body"]))
    name, orders = body.pop("name", None), body.pop("orders")
    return RecordedBatch(
        batch=Batch(
            status=BatchStatus(body.pop("status")),
            reported_at=times.parse(body.pop("asked_at")),
            orders=tuple(map(_order, orders)),
            **body | _amounts(body, "buy_amount", "sell_amount"),
        ),
        transaction_id=item["pk"].removeprefix(transaction_pk("")),
        owner=item["owner"],
        account_id=item.get("smallcaseAuthId"),
        broker=item.get("broker"),
        name=name,
        placed_at=times.parse(item["createdAt"]),
        updated_at=times.parse(item["updatedAt"]),
        revision=int(item["revision"]),
    )


def _members(part: Batch | Order) -> dict[str, Any]:
    """Its fields that have a value; instants as text."""
    fields = zip(part._fields, part, strict=True)
    return {
        _STORED_NAMES.get(name, name): times.to_key(value) if isinstance(value, datetime) else value
        for name, value in fields
        if value is not None and name != "orders"
    }


def _order(members: dict[str, Any]) -> Order:
    return Order(
        side=members.pop("side", None),
        status=OrderStatus(members.pop("status")),
        reported_at=times.parse(members.pop("asked_at")),
        filled=members.pop("filled", None),
        **members | _amounts(members, "average_price"),
    )


def _amounts(members: dict[str, Any], *names: str) -> dict[str, Decimal]:
    """A whole amount is an int in JSON."""
    return {name: Decimal(members[name]) for name in names if name in members}
