"""A DynamoDB client in memory that adds up the write units DynamoDB would charge."""

import math
import re
from decimal import Decimal
from typing import Any

type Attributes = dict[str, dict[str, Any]]

_ASSIGNMENT = re.compile(r"#(\w+) = (if_not_exists\(#\w+, )?:(\w+)")
_REMOVAL = re.compile(r"REMOVE (.+)")
_UNIT_BYTES = 1024
_TRANSACTION_FACTOR = 2


class CountingClient:
    """As much of botocore's DynamoDB client as importing uses, where every condition holds."""

    def __init__(self) -> None:
        self.write_units = 0
        self._items: dict[tuple[str, str], Attributes] = {}

    def get_item(self, *, Key: Attributes, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        item = self._items.get(_address(Key))
        return {} if item is None else {"Item": item}

    def put_item(self, **request: Any) -> dict[str, Any]:
        self.write_units += self._put(request)
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        self.write_units += self._update(request)
        return {}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        verbs = {"Put": self._put, "Update": self._update, "ConditionCheck": self._check}
        for item in TransactItems:
            ((verb, request),) = item.items()
            self.write_units += _TRANSACTION_FACTOR * verbs[verb](request)
        return {}

    def _put(self, request: dict[str, Any]) -> int:
        return self._replace(request["Item"])

    def _update(self, request: dict[str, Any]) -> int:
        item = dict(self._items.get(_address(request["Key"]), request["Key"]))
        expression = request["UpdateExpression"]
        for name, only_if_new, value in _ASSIGNMENT.findall(expression):
            if not (only_if_new and name in item):
                item[name] = request["ExpressionAttributeValues"][f":{value}"]
        removal = _REMOVAL.search(expression)
        for name in re.findall(r"#(\w+)", removal[1]) if removal else ():
            item.pop(name, None)
        return self._replace(item)

    def _check(self, request: dict[str, Any]) -> int:
        return _units(self._items.get(_address(request["Key"]), {}))

    def _replace(self, item: Attributes) -> int:
        """A write is charged for the larger of the item before and after it."""
        before = self._items.get(_address(item), {})
        self._items[_address(item)] = item
        return max(_units(before), _units(item))


def item_bytes(item: Attributes) -> int:
    """The size DynamoDB bills: names and values, both in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(attribute: dict[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "N":
            return math.ceil(len(Decimal(value).as_tuple().digits) / 2) + 1
        case "M":
            return 3 + len(value) + item_bytes(value)
        case "L":
            return 3 + len(value) + sum(map(_value_bytes, value))
    return 1


def _units(item: Attributes) -> int:
    return max(1, math.ceil(item_bytes(item) / _UNIT_BYTES))


def _address(key: Attributes) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]
