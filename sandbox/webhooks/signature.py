"""The checksum of webhooks (contract 3.2)."""

import hashlib
import hmac

from sandbox.errors import ControlError
from sandbox.webhooks.webhook import Body


def checksum(key: str, timestamp: str, subject: str) -> str:
    """Lower-case hex HMAC-SHA256 over `timestamp + subject`, with nothing between them (contract 3.2)."""
    return hmac.new(key.encode(), (timestamp + subject).encode(), hashlib.sha256).hexdigest()


def unkeyed_checksum(body: Body) -> str:
    """A plain hash, which somebody without the API secret could compute."""
    return hashlib.sha256((body["timestamp"] + _subject(body)).encode()).hexdigest()


def sign(body: Body, key: str) -> Body:
    if not isinstance(body.get("timestamp"), str):
        raise ControlError(400, "The checksum is made of the timestamp: override it with a text, or give a checksum.")
    return body | {"checksum": checksum(key, body["timestamp"], _subject(body))}


def _subject(body: Body) -> str:
    return str(body.get("smallcaseAuthId") or body.get("transactionId"))
