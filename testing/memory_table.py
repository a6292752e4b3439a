"""A DynamoDB client in memory: real conditions, transactions and indexes, and the units that DynamoDB would charge.

It knows the expressions that `gateway_backend.store` writes and refuses every other one, so that nothing is believed
that was not understood. What is written is visible in the indexes at once.
"""

import marshal
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from threading import RLock
from typing import Any

from botocore.exceptions import ClientError

type Attributes = dict[str, dict[str, Any]]
type Request = dict[str, Any]
type Address = tuple[str, str]
type Test = Callable[[Attributes, Attributes], bool]

_WRITE_UNIT, _READ_UNIT = 1024, 4096
_PAGE_BYTES = 1024 * 1024
_TRANSACTION_FACTOR = 2

_LISTED = ("intent", "version", "status", "createdAt", "expireAt", "updatedAt", "smallcaseAuthId", "broker")
_LISTED_TOO = (
    "error",
    "note",
    "owner",
    "mutualFunds",
    "stored",
    "refused",
    "sweeps",
    "order",
    "outcome",
    "revision",
    "body",
)
_INDEXED = {
    "Lists": ("listKey", "listOrder", frozenset(_LISTED + _LISTED_TOO)),
    "Work": ("workKey", "workOrder", frozenset[str]()),
}
"""As in template.yaml: index -> (hash key, range key, what it holds beside the keys)."""


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
    """

    before_write: Callable[[str, Request], None] | None = None
    on_change: Callable[[Attributes | None, Attributes | None], None] | None = None
    write_units: int = 0
    read_units: float = 0
    calls: int = 0
    _partitions: dict[str, dict[str, _Stored]] = field(default_factory=dict)
    _indexes: dict[str, dict[str, dict[tuple[str, str, str], None]]] = field(
        default_factory=lambda: {name: {} for name in _INDEXED}
    )
    _expiring: dict[Address, int] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    # Reading -----------------------------------------------------------------------------------

    def get_item(self, *, Key: Attributes, ConsistentRead: bool = False, **_: Any) -> Request:  # noqa: N803
        with self._lock:
            stored = self._stored(_address(Key))
            self._charge_read(stored.size if stored else 0, consistent=ConsistentRead)
        return {"Item": stored.item} if stored else {}

    def query(self, **request: Any) -> Request:
        _check_placeholders(request, "KeyConditionExpression")
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
        answer: Request = {"Items": items, "Count": len(items)}
        if items and (len(items) < len(rows) or len(items) == request.get("Limit")):
            names = ("pk", "sk", *_INDEXED[index][:2]) if index else ("pk", "sk")
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in names}
        return answer

    def _rows(self, index: str | None, request: Request) -> Iterator[tuple[str, str, str]]:
        """(sort key, pk, sk) of what matches, in order, from where the last page ended."""
        hashed, ranged = _INDEXED[index][:2] if index else ("pk", "sk")
        condition, values = request["KeyConditionExpression"], request["ExpressionAttributeValues"]
        equal = re.search(rf"#{hashed} = (:\w+)", condition)
        if equal is None:
            raise _invalid(f"no value for the hash key {hashed}: {condition}")
        wanted = values[equal[1]]["S"]
        if index:
            rows = iter(self._indexes[index].get(wanted, {}))
        else:
            rows = ((sk, wanted, sk) for sk in self._partitions.get(wanted, {}))
        matches = _condition(condition)
        keys: Attributes = {hashed: {"S": wanted}}
        forward = request.get("ScanIndexForward", True)
        after = request.get("ExclusiveStartKey")
        position = (after[ranged]["S"], *_address(after)) if after else None
        for row in sorted(rows, reverse=not forward):
            if position and (row <= position if forward else row >= position):
                continue
            if matches({**keys, ranged: {"S": row[0]}}, values):
                yield row

    def _projected(self, index: str | None, row: tuple[str, str, str]) -> Attributes:
        item = self._partitions[row[1]][row[2]].item
        return item if index is None else _entry(index, item) or {}

    # Writing -----------------------------------------------------------------------------------

    def put_item(self, **request: Any) -> Request:
        return self._write("PutItem", request, _put)

    def update_item(self, **request: Any) -> Request:
        return self._write("UpdateItem", request, _updated)

    def delete_item(self, **request: Any) -> Request:
        return self._write("DeleteItem", request, _deleted)

    def transact_write_items(self, *, TransactItems: list[Request]) -> Request:  # noqa: N803
        """All or nothing; every condition is judged by what was there before."""
        verbs = {"Put": _put, "Update": _updated, "Delete": _deleted, "ConditionCheck": _unchanged}
        requests = [(verb, request) for item in TransactItems for verb, request in item.items()]
        addresses = [_address(request.get("Item") or request["Key"]) for _, request in requests]
        if len(set(addresses)) < len(addresses):
            raise _invalid("Transaction request cannot include multiple operations on one item")
        with self._lock:
            self._announce("TransactWriteItems", {"TransactItems": TransactItems})
            before = list(map(self._stored, addresses))
            items = [stored.item if stored else None for stored in before]
            held = [_holds(request, item) for (_, request), item in zip(requests, items, strict=True)]
            if not all(held):
                self.write_units += _TRANSACTION_FACTOR * sum(map(_size_units, before))
                raise _cancelled(held)
            for (verb, request), address, stored, item in zip(requests, addresses, before, items, strict=True):
                after = verbs[verb](request, item)
                if verb == "ConditionCheck":
                    self.write_units += _TRANSACTION_FACTOR * _size_units(stored)
                else:
                    self._replace(address, stored, item, after, factor=_TRANSACTION_FACTOR)
        return {}

    def batch_write_item(self, *, RequestItems: dict[str, list[Request]]) -> Request:  # noqa: N803
        for requests in RequestItems.values():
            for request in requests:
                if "DeleteRequest" in request:
                    self.delete_item(**request["DeleteRequest"])
                else:
                    self.put_item(**request["PutRequest"])
        return {"UnprocessedItems": {}}

    def _write(
        self, operation: str, request: Request, change: Callable[[Request, Attributes | None], Attributes | None]
    ) -> Request:
        address = _address(request.get("Item") or request["Key"])
        with self._lock:
            self._announce(operation, request)
            stored = self._stored(address)
            before = stored.item if stored else None
            if not _holds(request, before):
                self.write_units += _size_units(stored)  # a refusal is charged too
                raise _error("ConditionalCheckFailedException", "The conditional request failed", operation)
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
        for index in _INDEXED:
            self._reindex(index, address, before, after)
        if self.on_change:
            self.on_change(before, after)

    def _reindex(self, index: str, address: Address, before: Attributes | None, after: Attributes | None) -> None:
        hashed, ranged, _ = _INDEXED[index]
        if hashed not in (before or ()) and hashed not in (after or ()):
            return
        old, new = (_entry(index, item) if item else None for item in (before, after))
        if old == new:
            return
        places = [(entry[hashed]["S"], (entry[ranged]["S"], *address)) if entry else None for entry in (old, new)]
        was, is_now = places
        if old and was and was != is_now:
            del self._indexes[index][was[0]][was[1]]
            self.write_units += _units(item_bytes(old), _WRITE_UNIT)
        if new and is_now:
            self._indexes[index].setdefault(is_now[0], {})[is_now[1]] = None
            self.write_units += _units(item_bytes(new), _WRITE_UNIT)

    # What is no request ------------------------------------------------------------------------

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
        """Is there such an item? Free of charge."""
        with self._lock:
            return self._stored((pk, sk)) is not None

    def forget(self, pk: str, sk: str) -> None:
        """Drop an item, free of charge and told to nobody."""
        with self._lock:
            stored = self._stored((pk, sk))
            if stored is None:
                return
            units, self.write_units = self.write_units, 0
            for index in _INDEXED:
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
        self.read_units += _units(size, _READ_UNIT) * (1 if consistent else 0.5)


# Changes ---------------------------------------------------------------------------------------


def _put(request: Request, _before: Attributes | None) -> Attributes:
    item: Attributes = request["Item"]
    return item


def _deleted(_request: Request, _before: Attributes | None) -> None:
    return None


def _unchanged(_request: Request, before: Attributes | None) -> Attributes | None:
    return before


def _updated(request: Request, before: Attributes | None) -> Attributes:
    item = dict(before or request["Key"])
    values = request.get("ExpressionAttributeValues", {})
    for verb, name, value in _steps(request["UpdateExpression"]):
        if verb == "SET" or (verb == "SET NEW" and name not in item):
            item[name] = values[value]
        elif verb == "ADD":
            item[name] = {"N": str(Decimal(item.get(name, {"N": "0"})["N"]) + Decimal(values[value]["N"]))}
        elif verb == "REMOVE":
            item.pop(name, None)
    return item


_CLAUSE = re.compile(r"(?:^|\s)(SET|ADD|REMOVE)\s")
_STEPS = {
    "SET": re.compile(r"#(\w+) = (?:(if_not_exists)\(#\1, (:\w+)\)|(:\w+))"),
    "ADD": re.compile(r"#(\w+) (:\w+)"),
    "REMOVE": re.compile(r"#(\w+)"),
}


@cache
def _steps(expression: str) -> tuple[tuple[str, str, str], ...]:
    """An update as (verb, attribute, value's name), read once per text."""
    pieces = _CLAUSE.split(expression)
    if pieces[0].strip():
        raise _invalid(f"not understood: {expression}")
    return tuple(step for verb, text in zip(pieces[1::2], pieces[2::2], strict=True) for step in _clause(verb, text))


def _clause(verb: str, text: str) -> Iterator[tuple[str, str, str]]:
    if _STEPS[verb].sub("", text).strip(" ,"):
        raise _invalid(f"not understood: {verb} {text}")
    for found in _STEPS[verb].finditer(text):
        if verb == "SET":
            yield ("SET NEW" if found[2] else "SET"), found[1], found[3] or found[4]
        else:
            yield verb, found[1], found[2] if verb == "ADD" else ""


# Conditions ------------------------------------------------------------------------------------


def _holds(request: Request, item: Attributes | None) -> bool:
    _check_placeholders(request, "ConditionExpression", "UpdateExpression")
    condition = request.get("ConditionExpression")
    return condition is None or _condition(condition)(item or {}, request.get("ExpressionAttributeValues", {}))


_TERM = re.compile(
    r"(?P<exists>attribute_exists|attribute_not_exists)\(#(?P<attribute>\w+)\)"
    r"|begins_with\(#(?P<text>\w+), (?P<prefix>:\w+)\)"
    r"|#(?P<between>\w+) BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)"
    r"|#(?P<left>\w+) (?P<sign>=|<>|<=|>=|<|>) (?P<right>:\w+)"
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@cache
def _condition(expression: str) -> Test:
    """The condition as a function of an item and the values, made once per text."""
    terms: list[Test] = []

    def numbered(term: re.Match[str]) -> str:
        terms.append(_term(term))
        return f"t[{len(terms) - 1}](i, v)"

    source = re.sub(r"\bAND\b", "and", re.sub(r"\bOR\b", "or", _TERM.sub(numbered, expression)))
    if re.sub(r"t\[\d+\]\(i, v\)|\band\b|\bor\b|[() ]", "", source):
        raise _invalid(f"not understood: {expression}")
    # Nothing is left but numbered terms, and, or and brackets.
    return eval(f"lambda i, v: {source}", {"t": terms})  # type: ignore[no-any-return] # noqa: S307


def _term(term: re.Match[str]) -> Test:
    found = term.groupdict()
    if attribute := found["attribute"]:
        wanted = found["exists"] == "attribute_exists"
        return lambda item, _: (attribute in item) is wanted
    if text := found["text"]:
        prefix = found["prefix"]
        return lambda item, values: text in item and item[text]["S"].startswith(values[prefix]["S"])
    if between := found["between"]:
        low, high = found["low"], found["high"]
        return lambda item, values: (
            _compare(item, between, _SIGNS[">="], values[low]) and _compare(item, between, _SIGNS["<="], values[high])
        )
    left, sign, right = found["left"], _SIGNS[found["sign"]], found["right"]
    return lambda item, values: _compare(item, left, sign, values[right])


def _compare(item: Attributes, name: str, sign: Callable[[Any, Any], bool], value: dict[str, Any]) -> bool:
    """What is not there, or of another type, compares as unequal."""
    held = item.get(name)
    if held is None or held.keys() != value.keys():
        return sign is _SIGNS["<>"]
    ((kind, left),) = held.items()
    right = value[kind]
    return sign(Decimal(left), Decimal(right)) if kind == "N" else sign(left, right)


def _check_placeholders(request: Request, *expressions: str) -> None:
    """DynamoDB refuses a request that uses a name or value it does not give, or gives one it does not use."""
    names, values = _placeholders(*(request.get(expression, "") for expression in expressions))
    if request.get("ExpressionAttributeNames", {}).keys() != names:
        raise _invalid(f"ExpressionAttributeNames are not those used: {sorted(names)}")
    if request.get("ExpressionAttributeValues", {}).keys() != values:
        raise _invalid(f"ExpressionAttributeValues are not those used: {sorted(values)}")


@cache
def _placeholders(*texts: str) -> tuple[frozenset[str], frozenset[str]]:
    everything = " ".join(texts)
    return frozenset(re.findall(r"#\w+", everything)), frozenset(re.findall(r":\w+", everything))


# Sizes -----------------------------------------------------------------------------------------


def item_bytes(item: Attributes) -> int:
    """The size DynamoDB bills: names and values, both in UTF-8."""
    size = 0
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        size += _text_bytes(name) + (_text_bytes(value) if kind == "S" else _value_bytes(kind, value))
    return size


def _text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _value_bytes(kind: str, value: Any) -> int:
    match kind:
        case "S":
            return _text_bytes(value)
        case "B":
            return len(value)
        case "N":
            return math.ceil(len(Decimal(value).as_tuple().digits) / 2) + 1
        case "M":
            return 3 + len(value) + item_bytes(value)
        case "L":
            return 3 + len(value) + sum(_value_bytes(*entry) for item in value for entry in item.items())
    return 1


def _size_units(stored: _Stored | None) -> int:
    return _units(stored.size if stored else 0, _WRITE_UNIT)


def _units(size: int, step: int) -> int:
    return max(1, -(-size // step))


def _entry(index: str, item: Attributes) -> Attributes | None:
    """What the index holds of the item; None when it is not in it."""
    hashed, ranged, others = _INDEXED[index]
    if hashed not in item or ranged not in item:
        return None
    names = ("pk", "sk", hashed, ranged, *(others & item.keys()))
    return {name: item[name] for name in names}


def _address(key: Attributes) -> Address:
    return key["pk"]["S"], key["sk"]["S"]


# Errors ----------------------------------------------------------------------------------------


def _error(code: str, message: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError(response, operation)


def _cancelled(held: list[bool]) -> ClientError:
    refused = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    reasons = [{"Code": "None"} if ok else refused for ok in held]
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return _error("TransactionCanceledException", message, "TransactWriteItems", CancellationReasons=reasons)


def _invalid(message: str) -> ClientError:
    return _error("ValidationException", message, "Expression")
