"""The mutual fund webhook's data (contract 3.6), without the investor's personal data.

Its shape is documented in words only, so it is stored as it came. Personal data is left out wherever it stands: the
app has no use for a PAN.
"""

import re
from typing import Any

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.money import readable

_ENVELOPE = frozenset({"checksum", "timestamp", "notes", "gateway", "intent", "smallcaseAuthId", "transactionId"})
_PERSONAL = re.compile(
    r"pan|pan.?(no|num|number|card|exempt).*|pe?krn.*|.*e.?mail.*|mob|.*(mobile|phone)|.*(mobile|phone).?(no|num|number)"
    r"|tel.*|contact.*|.*address.*|.*birth.*|dob|.*investor.*|inv.?name.*|name|(first|middle|last|full).?name|.*applicant.*"
    r"|.*nominee.*|.*guardian.*|bank.*|ifsc.*|account.?(no|num|number)|.*aadhaa?r.*|.*holder.*|gender|tax.?status|occupation",
    re.IGNORECASE,
)
_DEEPEST, _LONGEST_TEXT = 32, 1000
_PAN_OR_EMAIL = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]|[^@\s]+@[^@\s]+\.[^@\s]+", re.IGNORECASE)


def strip_personal_data(body: dict[str, Any]) -> str | None:
    """JSON text of the statement: `data` where there is one, else everything beside the envelope. None: it is empty."""
    data = body.get("data", {name: value for name, value in body.items() if name not in _ENVELOPE})
    return exact_json.dumps(_impersonal(data)) if data else None


def _impersonal(value: Any, depth: int = 0) -> Any:
    """Deeper, longer or larger than any statement is, a value is left out like a personal one."""
    match value:
        case dict() | list() if depth > _DEEPEST:
            return None
        case dict():
            kept = ((name, member) for name, member in value.items() if not _is_personal(name))
            return {name: _impersonal(member, depth + 1) for name, member in kept}
        case list():
            return [_impersonal(member, depth + 1) for member in value]
        case str():
            return None if len(value) > _LONGEST_TEXT or _PAN_OR_EMAIL.search(value) else value
        case bool() | None:
            return value
    return readable(value)


def _is_personal(name: str) -> bool:
    return len(name) > _LONGEST_TEXT or bool(_PERSONAL.fullmatch(name) or _PAN_OR_EMAIL.search(name))
