"""Opaque, tamper-proof cursors: where the next page starts, signed for one user and one list."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from gateway_backend.domain.shared.errors import CursorInvalid

_MAC_BYTES = 16


def seal(position: dict[str, str] | None, *, scope: str, secret: str) -> str | None:
    """None for the last page. `scope` names the user and the list: a cursor of another scope does not open."""
    if position is None:
        return None
    text = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(text, scope, secret) + text).decode().rstrip("=")


def unseal(cursor: str | None, *, scope: str, secret: str) -> dict[str, Any] | None:
    """Raises: CursorInvalid."""
    if cursor is None:
        return None
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorInvalid("cursor: send back nextCursor as it was given, or start without one") from None
    mac, text = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(text, scope, secret)):
        raise CursorInvalid("cursor: send back nextCursor as it was given, or start without one")
    return dict(json.loads(text))


def _mac(text: bytes, scope: str, secret: str) -> bytes:
    # A key of its own, so that no cursor can ever pass for a token signed with the same secret.
    key = hmac.digest(secret.encode(), b"gateway-backend cursor", hashlib.sha256)
    return hmac.digest(key, scope.encode() + b"\0" + text, hashlib.sha256)[:_MAC_BYTES]
