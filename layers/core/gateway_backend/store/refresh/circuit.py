"""`CIRCUIT#gateway` / `STATE`: does any worker find Gateway up? One item, so that all of them learn from one.

Powertools has a circuit breaker too, but importing it imports boto3 (docs/decisions.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_backend.domain.shared import times
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import ConditionFailed, Delete, Put, Table

_PK, _SK = "CIRCUIT#gateway", "STATE"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=8)


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed while `open_until` is None. Open: nobody calls until then, and afterwards one worker tries (a probe)."""

    open_until: datetime | None = None
    opened_at: datetime | None = None
    pause: timedelta = FIRST_PAUSE

    def is_open(self, now: datetime) -> bool:
        return self.open_until is not None and now < self.open_until


class Circuits:
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self) -> Circuit:
        item = self._table.get(_PK, _SK)
        if item is None:
            return Circuit()
        pause = timedelta(seconds=int(item["pauseSeconds"]))
        return Circuit(times.parse(item["openUntil"]), times.parse(item["openedAt"]), pause)

    def open(self, seen: Circuit, now: datetime) -> bool:
        """Open it, or claim the next probe: whoever was first since `seen` has done so, and gets True.

        A probe that fails needs no second word: claiming it has already made the pause twice as long.
        """
        pause = min(LONGEST_PAUSE, seen.pause * 2) if seen.open_until else FIRST_PAUSE
        item: Item = {
            "pk": _PK,
            "sk": _SK,
            "openUntil": times.to_key(now + pause),
            "openedAt": times.to_key(seen.opened_at or now),
            "pauseSeconds": int(pause.total_seconds()),
        }
        unchanged = "#openUntil = :seen" if seen.open_until else "attribute_not_exists(#pk)"
        values = {"seen": times.to_key(seen.open_until)} if seen.open_until else {}
        try:
            self._table.write(Put(item, unchanged, values))
        except ConditionFailed:
            return False
        return True

    def close(self) -> None:
        self._table.write(Delete(_PK, _SK))
