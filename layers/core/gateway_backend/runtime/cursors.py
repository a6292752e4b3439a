"""Opaque, tamper-proof cursors: where the next page starts, signed for one user and one list."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from gateway_backend.domain.shared.errors import CursorInvalid

_MAC_BYTES = 16


class Cursors:
    """`scope` names the user and the list: a cursor of another scope does not open."""

    def __init__(self, secret: str) -> None:
        # A key of its own, so that no cursor can ever pass for a token signed with the same secret.
        self._key = hmac.digest(secret.encode(), b"gateway-backend cursor", hashlib.sha256)

    def seal(self, position: dict[str, Any] | None, scope: str) -> str | None:
        """None for the last page."""
        if position is None:
            return None
        text = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(text, scope) + text).decode().rstrip("=")

    def unseal(self, cursor: str | None, scope: str) -> dict[str, Any] | None:
        """Raises: CursorInvalid."""
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise CursorInvalid("cursor: send back nextCursor as it was given, or start without one") from None
        mac, text = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(text, scope)):
            raise CursorInvalid("cursor: send back nextCursor as it was given, or start without one")
        return dict(json.loads(text))

    def _mac(self, text: bytes, scope: str) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + text, hashlib.sha256)[:_MAC_BYTES]
