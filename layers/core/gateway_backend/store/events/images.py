"""Images of items, as the table's stream hands them out before and after a write."""

import zlib
from typing import Any

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections import codec as connections
from gateway_backend.store.dynamodb.codec import Item, decode
from gateway_backend.store.orders import codec as orders
from gateway_backend.store.transactions import codec as transactions

type Recorded = Connection | Transaction | RecordedBatch

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, zlib.error)
"""What parsing an image raises that is not as this package writes it."""


def parse_image(image: dict[str, Any] | None) -> Recorded | None:
    """The value of the item; None when there is no item, or its kind makes no event.

    Raises: one of UNREADABLE.
    """
    item = decode(image or {})
    if not item:
        return None
    match item["sk"].partition("#")[0]:
        case connections.STATUS:
            return connections.from_item(item)
        case transactions.META:
            return transactions.from_item(item)
        case "BATCH":
            return _batch(item)
    return None


def _batch(item: Item) -> RecordedBatch | None:
    return None if orders.is_erased(item) else orders.from_item(item)
