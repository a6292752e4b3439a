"""The store of all order batches."""

from dataclasses import asdict

from sandbox.exact_json import to_float
from sandbox.orders.batch import Batch, Json, Order
from sandbox.state import State


class OrderStore:
    def __init__(self, state: State) -> None:
        self._state = state

    def save(self, batch: Batch) -> None:
        self._state.put("batch", batch.id, asdict(batch))
        self._state.put("batch-of", batch.transaction_id, batch.id)

    def get(self, batch_id: str) -> Batch | None:
        stored = self._state.get("batch", batch_id)
        return _batch(stored) if stored else None

    def of_transaction(self, transaction_id: str) -> Batch | None:
        batch_id = self._state.get("batch-of", transaction_id)
        return self.get(batch_id) if batch_id else None

    def all(self) -> list[Batch]:
        return [_batch(stored) for _, stored in self._state.items("batch")]

    def has_open_amo(self, auth_id: str, iscid: str) -> bool:
        """Whether after-market orders of this investment are still open."""
        return any(
            batch.is_amo and batch.is_open for batch in self.all() if (batch.auth_id, batch.iscid) == (auth_id, iscid)
        )


def _batch(stored: Json) -> Batch:
    return Batch(**stored | {"orders": [_order(order) for order in stored["orders"]]})


def _order(stored: Json) -> Order:
    limit = stored["limit"]
    return Order(
        **stored | {"average": to_float(stored["average"]), "limit": None if limit is None else to_float(limit)}
    )
