"""Between Python values and DynamoDB's typed attributes; the one codec of the table."""

from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

type Item = dict[str, Any]


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute that is None is left out."""
    return {name: _encoded(value) for name, value in item.items() if value is not None}


def decode(attributes: dict[str, Any]) -> Item:
    # Most are texts: they are spared a call each.
    return {name: value["S"] if "S" in value else _decoded(value) for name, value in attributes.items()}


def _encoded(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": str(value)}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case dict():
            return {"M": encode(value)}
        case list() | tuple():
            return {"L": [_encoded(entry) for entry in value]}
    raise TypeError(f"{type(value).__name__} has no place in the table")


def _decoded(attribute: dict[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return Decimal(value)
        case "B":  # Lambda hands a stream's bytes over as base64
            return b64decode(value) if isinstance(value, str) else value
        case "M":
            return decode(value)
        case "L":
            return [_decoded(entry) for entry in value]
    return value


def digits(number: Decimal | None) -> str | None:
    """An amount as text: DynamoDB's own numbers drop trailing zeros."""
    return None if number is None else format(number, "f")


def number_of(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
