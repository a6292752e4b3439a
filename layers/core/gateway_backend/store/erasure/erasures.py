"""Erasures: `USER#<sub>` / `ERASURE#<requested at>#<account id, or * for everything>`.

The record stays when it is finished. Until then it stands in the index Work (`ERASE`) by when to go on with it.
"""

from collections.abc import Iterator
from copy import replace
from datetime import datetime

from gateway_backend.domain.erasure.erasure import Erasure
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.store.connections.codec import user_pk
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.versions import VERSION, difference
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put

_PREFIX, _EVERYTHING = "ERASURE#", "*"
_WORK = "ERASE"


class Erasures:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, erasure: Erasure) -> None:
        self._table.write(put_erasure(erasure))

    def all_of(self, owner: str) -> list[Erasure]:
        """The oldest first."""
        return [_from_item(item) for item in self._table.query(user_pk(owner), prefix=_PREFIX)]

    def after_newest(self, owner: str, now: datetime) -> datetime:
        """The time, but later than the user's last withdrawal, whose worker's clock may be ahead of this one's.

        So a transaction that begins now is not taken for one from before it.
        """
        newest = self._table.latest_before(user_pk(owner), f"{_PREFIX}0", f"{_PREFIX}9")
        return times.after(times.parse(newest["requestedAt"]), now) if newest else now

    def due(self, now: datetime) -> Iterator[Erasure]:
        """Those to go on with."""
        for keys in self._table.work(_WORK, until=times.to_key(now)):
            item = self._table.get(keys["pk"], keys["sk"])
            if item and "finishedAt" not in item:
                yield _from_item(item)

    def save(self, before: Erasure, after: Erasure) -> Erasure:
        """Store how far it has come; as it is stored now. Raises: ConcurrentUpdate."""
        try:
            self._table.write(difference(_to_item(before), _to_item(after), read_version=before.item_version))
        except ConditionFailed:
            raise ConcurrentUpdate from None
        return replace(after, item_version=before.item_version + 1)


def put_erasure(erasure: Erasure) -> Put:
    """The write that begins it, for the transaction that withdraws the consent."""
    return Put(_to_item(erasure))


def _to_item(erasure: Erasure) -> Item:
    requested_at = times.to_key(erasure.requested_at)
    is_finished = erasure.finished_at is not None
    return {
        "pk": user_pk(erasure.owner),
        "sk": f"{_PREFIX}{requested_at}#{erasure.account_id or _EVERYTHING}",
        "requestedAt": requested_at,
        "smallcaseAuthId": erasure.account_id,
        "nextPassAt": times.to_key(erasure.next_pass_at),
        "passBeganAt": times.to_key(erasure.pass_began_at) if erasure.pass_began_at else None,
        "position": erasure.position or None,
        "found": erasure.found,
        "erased": erasure.erased,
        "finishedAt": times.to_key(erasure.finished_at) if erasure.finished_at else None,
        "workKey": None if is_finished else _WORK,
        "workOrder": None if is_finished else times.to_key(erasure.next_pass_at),
    }


def _from_item(item: Item) -> Erasure:
    return Erasure(
        owner=item["pk"].removeprefix(user_pk("")),
        account_id=item.get("smallcaseAuthId"),
        requested_at=times.parse(item["requestedAt"]),
        next_pass_at=times.parse(item["nextPassAt"]),
        pass_began_at=times.parse(item["passBeganAt"]) if "passBeganAt" in item else None,
        position=item.get("position", ""),
        found=int(item["found"]),
        erased=int(item["erased"]),
        finished_at=times.parse(item["finishedAt"]) if "finishedAt" in item else None,
        item_version=int(item.get(VERSION, 0)),
    )
