"""JSON that comes out with the very digits that went in.

A portfolio's `1.3100000000000023` or `12.340` is kept as text, never as a float: what a test puts into the
sandbox is what the sandbox must serve.
"""

from decimal import Decimal
from typing import Any

import simplejson
from simplejson import RawJSON


def loads(text: str | bytes) -> Any:
    """Raises: ValueError when the text is not JSON."""
    return simplejson.loads(text, parse_float=RawJSON, parse_constant=_refuse)


def dumps(value: Any) -> str:
    return str(simplejson.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def whole(number: Any) -> int:
    """The integer a member stands for, 0 when it is absent."""
    return int(Decimal(number.encoded_json)) if isinstance(number, RawJSON) else int(number or 0)


def number(value: Any) -> float:
    """A member that is reckoned with, as the float it is on Gateway's side."""
    return float(value.encoded_json if isinstance(value, RawJSON) else value)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
