"""Account openings: `USER#<sub>` / `OPENING#<id>`. Times, status and a code; nothing of the person.

An id begins with its time, so that the order of the keys is the order of beginning.
"""

from collections.abc import Iterable
from datetime import datetime

from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put, Update, Write

LISTED = 50

_PREFIX = "OPENING#"


class AccountOpenings:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, opening: AccountOpening, *together_with: Write, idempotency_key: str | None = None) -> None:
        """Store a new opening, all or nothing with the other writes. Raises: ConditionFailed."""
        item = {
            "pk": _pk(opening.owner),
            "sk": _sk(opening.id),
            "status": opening.status,
            "beganAt": times.to_key(opening.began_at),
            "idempotencyKey": idempotency_key,
        }
        self._table.write_together([Put(item, "attribute_not_exists(#pk)"), *together_with])

    def owned(self, opening_id: str, owner: str) -> AccountOpening:
        """Raises: NotFound when it is unknown or somebody else's."""
        item = self._table.get(_pk(owner), _sk(opening_id))
        if item is None:
            raise NotFound("No such account opening")
        return _read(item)

    def newest(self, owner: str) -> list[AccountOpening]:
        """Newest first."""
        return [_read(item) for item in self._table.query(_pk(owner), prefix=_PREFIX, descending=True, limit=LISTED)]

    def count(self, owner: str) -> int:
        return len(self._table.query(_pk(owner), prefix=_PREFIX))

    def began_until(self, owner: str, until: datetime) -> list[tuple[str, str | None]]:
        """Ids of those that began until then, each with the idempotency key that created it, if that is recorded."""
        items = self._table.query(_pk(owner), prefix=_PREFIX)
        old = [item for item in items if item["beganAt"] <= times.to_key(until)]
        return [(item["sk"].removeprefix(_PREFIX), item.get("idempotencyKey")) for item in old]

    def erase(self, owner: str, opening_ids: Iterable[str]) -> None:
        self._table.delete_all([(_pk(owner), _sk(opening_id)) for opening_id in opening_ids])

    def end(self, ended: AccountOpening) -> AccountOpening:
        """Store how it ended; an end that is stored already stays. Gives what is stored afterwards."""
        values = {
            "status": ended.status,
            "endedAt": times.to_key(ended.ended_at) if ended.ended_at else None,
            "code": ended.failure_code,
        }
        ending = {name: value for name, value in values.items() if value is not None}
        update = Update(
            _pk(ended.owner),
            _sk(ended.id),
            "SET " + ", ".join(f"#{name} = :{name}" for name in ending),
            ending,
            condition="attribute_exists(#pk) AND attribute_not_exists(#endedAt)",
        )
        try:
            self._table.write(update)
        except ConditionFailed:
            return self.owned(ended.id, ended.owner)
        return ended


def _read(item: Item) -> AccountOpening:
    return AccountOpening(
        id=item["sk"].removeprefix(_PREFIX),
        owner=item["pk"].removeprefix("USER#"),
        began_at=times.parse(item["beganAt"]),
        ended_at=times.parse(item["endedAt"]) if "endedAt" in item else None,
        failure_code=int(item["code"]) if "code" in item else None,
    )


def _pk(owner: str) -> str:
    return f"USER#{owner}"


def _sk(opening_id: str) -> str:
    return f"{_PREFIX}{opening_id}"
