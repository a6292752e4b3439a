"""`CIRCUIT#gateway` / `STATE`: the refresh's circuit breaker. One item, so that all workers learn from one.

It is not there while the circuit is closed.
"""

from datetime import timedelta

from gateway_backend.domain.refresh.circuit import Circuit
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Delete, Put

_PK, _SK = "CIRCUIT#gateway", "STATE"


class Circuits:
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self) -> Circuit:
        item = self._table.get(_PK, _SK)
        if item is None:
            return Circuit()
        pause = timedelta(seconds=int(item["pauseSeconds"]))
        return Circuit(times.parse(item["openUntil"]), times.parse(item["openedAt"]), pause)

    def open(self, before: Circuit, after: Circuit) -> None:
        """Raises: ConcurrentUpdate when another worker was faster since the circuit was read."""
        if after.open_until is None or after.opened_at is None:
            raise ValueError("the circuit is not open")
        item: Item = {
            "pk": _PK,
            "sk": _SK,
            "openUntil": times.to_key(after.open_until),
            "openedAt": times.to_key(after.opened_at),
            "pauseSeconds": int(after.pause.total_seconds()),
        }
        unchanged = "#openUntil = :read" if before.open_until else "attribute_not_exists(#pk)"
        values = {"read": times.to_key(before.open_until)} if before.open_until else {}
        try:
            self._table.write(Put(item, unchanged, values))
        except ConditionFailed:
            raise ConcurrentUpdate from None

    def close(self) -> None:
        """Close it unconditionally: an answer of Gateway's proves that it is up."""
        self._table.write(Delete(_PK, _SK))
