"""The mutual fund webhook's data (contract §3.6), without what it says of the investor.

Its shape is documented in words only, so it is kept as it came. Personal data is left out wherever it stands: nobody
asked us to keep a PAN.
"""

import re
from typing import Any

from gateway_backend.domain import exact_json

_ENVELOPE = frozenset({"checksum", "timestamp", "notes", "gateway", "transactionId"})
_PERSONAL = re.compile(
    r"pan(no|number|card)?|.*e-?mail.*|.*(mobile|phone).*|contact.*|.*address.*|(date_?of_?birth|dob)|.*investor.*"
    r"|.*nominee.*|.*guardian.*|.*bank.*|.*aadhaa?r.*|.*holder.*",
    re.IGNORECASE,
)
_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def read_statement(body: dict[str, Any]) -> str:
    """JSON text of the statement: `data` where there is one, else everything beside the envelope."""
    data = body.get("data", {name: value for name, value in body.items() if name not in _ENVELOPE})
    return exact_json.write(_impersonal(data))


def _impersonal(value: Any) -> Any:
    match value:
        case dict():
            kept = ((name, member) for name, member in value.items() if not _PERSONAL.fullmatch(name))
            return {name: _impersonal(member) for name, member in kept}
        case list():
            return [_impersonal(member) for member in value]
        case str() if _PAN.fullmatch(value) or _EMAIL.fullmatch(value):
            return None
    return value
