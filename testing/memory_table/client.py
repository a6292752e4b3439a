"""The client itself: items in partitions, entries in indexes, and what each request costs."""

import marshal
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from botocore.exceptions import ClientError

from testing.memory_table.expressions import (
    Change,
    check_bounds,
    check_placeholders,
    condition_holds,
    deleted,
    parse_condition,
    projected,
    put,
    unchanged,
    updated,
)
from testing.memory_table.indexes import INDEXES, index_entry
from testing.memory_table.shapes import (
    Address,
    Attributes,
    Request,
    address_of,
    client_error,
    transaction_cancelled,
    validation_error,
)
from testing.memory_table.units import TRANSACTION_FACTOR, item_bytes, units_of_read, units_of_write

_PAGE_BYTES = 1024 * 1024


@dataclass(slots=True)
class _Stored:
    size: int
    packed: bytes
    """Kept small and apart from whoever wrote or reads it."""

    @property
    def item(self) -> Attributes:
        return marshal.loads(self.packed)  # type: ignore[no-any-return] # noqa: S302 - packed here


@dataclass(slots=True)
class MemoryClient:
    """botocore's DynamoDB client for one table. Raises ClientError as botocore does.

    `before_write` is called with the operation's name and the request: raising there makes a write fail.
    `on_change` is called with an item before and after a write (None where there was or is none).
    `loses_answers`: the answer to each write of a single item is lost once, so that the SDK sends the write again.
    """

    before_write: Callable[[str, Request], None] | None = None
    on_change: Callable[[Attributes | None, Attributes | None], None] | None = None
    loses_answers: bool = False
    write_units: int = 0
    read_units: float = 0
    calls: int = 0
    _partitions: dict[str, dict[str, _Stored]] = field(default_factory=dict)
    _indexes: dict[str, dict[str, dict[tuple[str, str, str], None]]] = field(
        default_factory=lambda: {name: {} for name in INDEXES}
    )
    _expiring: dict[Address, int] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    # Reading -----------------------------------------------------------------------------------

    def get_item(self, *, Key: Attributes, ConsistentRead: bool = False, **_: Any) -> Request:  # noqa: N803
        with self._lock:
            stored = self._stored(address_of(Key))
            self._charge_read(stored.size if stored else 0, consistent=ConsistentRead)
        return {"Item": stored.item} if stored else {}

    def query(self, **request: Any) -> Request:
        check_placeholders(request, "KeyConditionExpression", "ProjectionExpression")
        check_bounds(request)
        with self._lock:
            index = request.get("IndexName")
            rows = list(self._rows(index, request))
            items, size = [], 0
            for row in rows:
                item = self._projected(index, row)
                size += item_bytes(item)
                items.append(item)
                if len(items) == request.get("Limit") or size > _PAGE_BYTES:
                    break
            self._charge_read(size, consistent=request.get("ConsistentRead", False))
        answer: Request = {"Items": [projected(item, request) for item in items], "Count": len(items)}
        if items and (len(items) < len(rows) or len(items) == request.get("Limit")):
            names = ("pk", "sk", *INDEXES[index][:2]) if index else ("pk", "sk")
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in names}
        return answer

    def _rows(self, index: str | None, request: Request) -> Iterator[tuple[str, str, str]]:
        """(sort key, pk, sk) of what matches, in order, from where the last page ended."""
        hashed, ranged = INDEXES[index][:2] if index else ("pk", "sk")
        condition, values = request["KeyConditionExpression"], request["ExpressionAttributeValues"]
        equal = re.search(rf"#{hashed} = (:\w+)", condition)
        if equal is None:
            raise validation_error(f"no value for the hash key {hashed}: {condition}")
        wanted = values[equal[1]]["S"]
        if index:
            rows = iter(self._indexes[index].get(wanted, {}))
        else:
            rows = ((sk, wanted, sk) for sk in self._partitions.get(wanted, {}))
        matches = parse_condition(condition)
        keys: Attributes = {hashed: {"S": wanted}}
        forward = request.get("ScanIndexForward", True)
        after = request.get("ExclusiveStartKey")
        position = (after[ranged]["S"], *address_of(after)) if after else None
        for row in sorted(rows, reverse=not forward):
            if position and (row <= position if forward else row >= position):
                continue
            if matches({**keys, ranged: {"S": row[0]}}, values):
                yield row

    def _projected(self, index: str | None, row: tuple[str, str, str]) -> Attributes:
        item = self._partitions[row[1]][row[2]].item
        return item if index is None else index_entry(index, item) or {}

    # Writing -----------------------------------------------------------------------------------

    def put_item(self, **request: Any) -> Request:
        return self._write("PutItem", request, put)

    def update_item(self, **request: Any) -> Request:
        return self._write("UpdateItem", request, updated)

    def delete_item(self, **request: Any) -> Request:
        return self._write("DeleteItem", request, deleted)

    def transact_write_items(self, *, TransactItems: list[Request]) -> Request:  # noqa: N803
        """All or nothing; every condition is judged by what was there before."""
        verbs = {"Put": put, "Update": updated, "Delete": deleted, "ConditionCheck": unchanged}
        requests = [(verb, request) for item in TransactItems for verb, request in item.items()]
        addresses = [address_of(request.get("Item") or request["Key"]) for _, request in requests]
        if len(set(addresses)) < len(addresses):
            raise validation_error("Transaction request cannot include multiple operations on one item")
        with self._lock:
            self._announce("TransactWriteItems", {"TransactItems": TransactItems})
            before = list(map(self._stored, addresses))
            items = [stored.item if stored else None for stored in before]
            held = [condition_holds(request, item) for (_, request), item in zip(requests, items, strict=True)]
            if not all(held):
                self.write_units += TRANSACTION_FACTOR * sum(map(_size_units, before))
                raise transaction_cancelled(held)
            for (verb, request), address, stored, item in zip(requests, addresses, before, items, strict=True):
                after = verbs[verb](request, item)
                if verb == "ConditionCheck":
                    self.write_units += TRANSACTION_FACTOR * _size_units(stored)
                else:
                    self._replace(address, stored, item, after, factor=TRANSACTION_FACTOR)
        return {}

    def batch_write_item(self, *, RequestItems: dict[str, list[Request]]) -> Request:  # noqa: N803
        for requests in RequestItems.values():
            for request in requests:
                if "DeleteRequest" in request:
                    self.delete_item(**request["DeleteRequest"])
                else:
                    self.put_item(**request["PutRequest"])
        return {"UnprocessedItems": {}}

    def _write(self, operation: str, request: Request, change: Change) -> Request:
        if not self.loses_answers:
            return self._write_once(operation, request, change)
        self._write_once(operation, request, change)
        try:
            return self._write_once(operation, request, change)
        except ClientError as error:
            response: Any = error.response
            response["ResponseMetadata"] = {"RetryAttempts": 1}
            raise

    def _write_once(self, operation: str, request: Request, change: Change) -> Request:
        address = address_of(request.get("Item") or request["Key"])
        with self._lock:
            self._announce(operation, request)
            stored = self._stored(address)
            before = stored.item if stored else None
            if not condition_holds(request, before):
                self.write_units += _size_units(stored)  # a refusal is charged too
                raise client_error("ConditionalCheckFailedException", "The conditional request failed", operation)
            after = change(request, before)
            self._replace(address, stored, before, after)
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _announce(self, operation: str, request: Request) -> None:
        self.calls += 1
        if self.before_write:
            self.before_write(operation, request)

    def _replace(
        self,
        address: Address,
        stored: _Stored | None,
        before: Attributes | None,
        after: Attributes | None,
        *,
        factor: int = 1,
    ) -> None:
        """A write is charged for the larger of the item before and after it, and for each index it touches."""
        pk, sk = address
        if after is None:
            self._remove(address)
            self.write_units += factor * _size_units(stored)
        else:
            now = self._partitions.setdefault(pk, {})[sk] = _Stored(item_bytes(after), marshal.dumps(after))
            self.write_units += factor * max(_size_units(stored), _size_units(now))
            if "expiresAt" in after:
                self._expiring[address] = int(after["expiresAt"]["N"])
        for index in INDEXES:
            self._reindex(index, address, before, after)
        if self.on_change:
            self.on_change(before, after)

    def _reindex(self, index: str, address: Address, before: Attributes | None, after: Attributes | None) -> None:
        hashed, ranged, _ = INDEXES[index]
        if hashed not in (before or ()) and hashed not in (after or ()):
            return
        old, new = (index_entry(index, item) if item else None for item in (before, after))
        if old == new:
            return
        places = [(entry[hashed]["S"], (entry[ranged]["S"], *address)) if entry else None for entry in (old, new)]
        was, is_now = places
        if old and was and was != is_now:
            del self._indexes[index][was[0]][was[1]]
            self.write_units += units_of_write(item_bytes(old))
        if new and is_now:
            self._indexes[index].setdefault(is_now[0], {})[is_now[1]] = None
            self.write_units += units_of_write(item_bytes(new))

    # Beside the requests -----------------------------------------------------------------------

    def addresses(self, pk: str) -> list[Address]:
        """What a partition holds, in order; free of charge."""
        with self._lock:
            return [(pk, sk) for sk in sorted(self._partitions.get(pk, {}))]

    def items(self) -> list[Attributes]:
        """Everything there is, in order; free of charge."""
        with self._lock:
            return [
                self._partitions[pk][sk].item for pk in sorted(self._partitions) for sk in sorted(self._partitions[pk])
            ]

    def peek(self, pk: str, sk: str) -> Attributes | None:
        """An item, free of charge."""
        with self._lock:
            stored = self._stored((pk, sk))
        return stored.item if stored else None

    def has(self, pk: str, sk: str) -> bool:
        """Whether there is such an item; free of charge."""
        with self._lock:
            return self._stored((pk, sk)) is not None

    def forget(self, pk: str, sk: str) -> None:
        """Drop an item, free of charge and without a call of `on_change`."""
        with self._lock:
            stored = self._stored((pk, sk))
            if stored is None:
                return
            units, self.write_units = self.write_units, 0
            for index in INDEXES:
                self._reindex(index, (pk, sk), stored.item, None)
            self._remove((pk, sk))
            self.write_units = units

    def expire(self, now: float) -> None:
        """DynamoDB's time to live: drop what has expired, which costs nothing."""
        with self._lock:
            for address in [address for address, end in self._expiring.items() if end < now]:
                del self._expiring[address]
                self.forget(*address)

    def _stored(self, address: Address) -> _Stored | None:
        partition = self._partitions.get(address[0])
        return partition.get(address[1]) if partition else None

    def _remove(self, address: Address) -> None:
        partition = self._partitions.get(address[0], {})
        partition.pop(address[1], None)
        self._expiring.pop(address, None)
        if not partition:
            self._partitions.pop(address[0], None)

    def _charge_read(self, size: int, *, consistent: bool) -> None:
        self.calls += 1
        self.read_units += units_of_read(size) * (1 if consistent else 0.5)


def _size_units(stored: _Stored | None) -> int:
    return units_of_write(stored.size if stored else 0)
