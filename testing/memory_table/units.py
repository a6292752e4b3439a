"""The sizes that DynamoDB bills, and the units that they cost."""

import math
from decimal import Decimal
from typing import Any

from testing.memory_table.shapes import Attributes

TRANSACTION_FACTOR = 2
"""A write in a transaction costs this many times as much."""

_WRITE_UNIT, _READ_UNIT = 1024, 4096


def item_bytes(item: Attributes) -> int:
    """The size DynamoDB bills: names and values, both in UTF-8."""
    size = 0
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        size += _text_bytes(name) + (_text_bytes(value) if kind == "S" else _value_bytes(kind, value))
    return size


def units_of_write(size: int) -> int:
    return _units(size, _WRITE_UNIT)


def units_of_read(size: int) -> int:
    """Of a consistent read; an eventually consistent one costs half."""
    return _units(size, _READ_UNIT)


def _units(size: int, step: int) -> int:
    return max(1, -(-size // step))


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
