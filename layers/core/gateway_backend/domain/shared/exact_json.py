"""JSON whose numbers stay exact: Decimal from Gateway to the app (docs/architecture.md, promise 6).

`loads` never makes a float, `dumps` never loses a digit, and `members` hands out the very text a member
arrived as, so that what Gateway sent can be stored and served again digit for digit.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.encoder import encode_basestring
from typing import Any, NoReturn


class JsonUnreadable(ValueError):
    """Not JSON, nested too deeply, or a number no one can hold (NaN, Infinity, an exponent beyond all bounds)."""


def _no_such_constant(text: str) -> NoReturn:
    raise JsonUnreadable(f"{text} is not a JSON number")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_such_constant)


def loads(text: str | bytes) -> Any:
    """Parse JSON, fractions as Decimal. Raises: JsonUnreadable."""
    try:
        return _decoder.decode(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise JsonUnreadable(_reason(error)) from error


def members(text: str, *, split: str | None = None) -> dict[str, tuple[str, Any]]:
    """Split a JSON object into its members: name -> (its own JSON text, its parsed value).

    The value of the member named `split`, if that is an object, is its members in the same way.
    Raises: JsonUnreadable, also when the text is not an object.
    """
    try:
        return dict(_members(text, split))
    except (ValueError, RecursionError, InvalidOperation, IndexError, StopIteration) as error:
        raise JsonUnreadable(_reason(error)) from error


def _members(text: str, split: str | None) -> list[tuple[str, tuple[str, Any]]]:
    found, end = _object_at(text, 0, split)
    if text[end:].strip():
        raise JsonUnreadable("there is more after the object")
    return found


def _object_at(text: str, at: int, split: str | None) -> tuple[list[tuple[str, tuple[str, Any]]], int]:
    found: list[tuple[str, tuple[str, Any]]] = []
    at = _expect(text, at, "{")
    while text[at] != "}":
        if found:
            at = _expect(text, at, ",")
        name, at = scanstring(text, _expect(text, at, '"'))
        start = _expect(text, at, ":")
        if name == split and text[start] == "{":
            inner, end = _object_at(text, start, None)
            value: Any = dict(inner)
        else:
            value, end = _decoder.raw_decode(text, start)
        found.append((name, (text[start:end], value)))
        at = _skip_space(text, end)
    return found, at + 1


def _expect(text: str, at: int, character: str) -> int:
    """The position of the next token after `character`."""
    at = _skip_space(text, at)
    if text[at] != character:
        raise JsonUnreadable(f"expected {character} at {at}")
    return at + 1 if character == '"' else _skip_space(text, at + 1)


def _skip_space(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else "not JSON"


def dumps(value: Any) -> str:
    """Compact JSON; a Decimal is written with all its digits and no exponent."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{encode_basestring(name)}:{dumps(item)}" for name, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)
