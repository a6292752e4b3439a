"""JSON whose fractions keep their digits.

`1.3100000000000023` and `12.340` are kept as text, never as a float: the sandbox must serve a portfolio with
the same digits with which a test has put it in.
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


def to_int(value: Any) -> int:
    """The value as an integer; 0 when it is absent."""
    return int(Decimal(value.encoded_json)) if isinstance(value, RawJSON) else int(value or 0)


def to_float(value: Any) -> float:
    """The value as a float, to calculate with."""
    return float(value.encoded_json if isinstance(value, RawJSON) else value)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
