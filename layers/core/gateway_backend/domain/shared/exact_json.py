"""JSON whose numbers stay exact: Decimal from Gateway to the app (docs/architecture.md, promise 6).

`loads` never makes a float, `dumps` never loses a digit, and `members` hands out the very text a member
arrived as, so that what Gateway sent can be stored and served again digit for digit.

What nobody could store or hold is mended when it is parsed, so that it costs no more than itself: half of a surrogate
pair becomes U+FFFD, and a number beyond all bounds null.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from json.encoder import encode_basestring
from typing import Any, NoReturn


class JsonUnreadable(ValueError):
    """Not JSON, or nested too deeply."""


class _NumberUnreadable(ValueError):
    """NaN, Infinity, or a number that Python itself refuses."""


def _no_such_constant(text: str) -> NoReturn:
    raise _NumberUnreadable(text)


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_such_constant)


def loads(text: str | bytes) -> Any:
    """Parse JSON, fractions as Decimal. Raises: JsonUnreadable."""
    return _parse(_decoder.decode, text)


def members(text: str | bytes, *, split: str | None = None) -> dict[str, tuple[str, Any]]:
    """Split a JSON object into its members: name -> (its own JSON text, its parsed value).

    The value of the member named `split`, if that is an object, is its members in the same way.
    Raises: JsonUnreadable, also when the text is not an object.
    """
    return dict(_parse(lambda whole: _members(whole, split), text))


def storable(text: str | bytes) -> str:
    """The text of a JSON document without what no store takes: broken UTF-8, and halves of surrogate pairs."""
    whole = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    return _ESCAPES.sub(_whole_pair, whole) if _SURROGATE.search(whole) else whole


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:\d[\d.eE+-]*|NaN|Infinity)', re.DOTALL)


def _whole_pair(escape: re.Match[str]) -> str:
    return r"\ufffd" if escape[1] else escape[0]


def _parse[Value](parse: Callable[[str], Value], text: str | bytes) -> Value:
    whole = storable(text)
    try:
        try:
            return parse(whole)
        except (JSONDecodeError, JsonUnreadable):
            raise
        except (ValueError, InvalidOperation):  # not the form is wrong, but a number
            return parse(_NUMBERS.sub(_number_or_null, whole))
    except (ValueError, RecursionError, InvalidOperation, IndexError, StopIteration) as error:
        raise JsonUnreadable(_reason(error)) from error


def _number_or_null(token: re.Match[str]) -> str:
    if token[0].startswith('"'):
        return token[0]
    try:
        _decoder.decode(token[0])
    except JSONDecodeError:
        return token[0]  # no number at all: the document is broken here
    except (ValueError, InvalidOperation):
        return "null"
    return token[0]


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
    """Compact JSON; a Decimal is written with all its digits and no exponent.

    Amounts come from `money.readable`, which bounds their exponent: 1e-999999 would be a megabyte.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{encode_basestring(name)}:{dumps(item)}" for name, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)
