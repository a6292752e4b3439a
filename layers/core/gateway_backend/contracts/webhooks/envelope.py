"""The envelope of a webhook: its kind and its ids (contract 3).

Nothing else in the body is read here, because the checksum does not cover it.
"""

import hashlib
import json
from typing import Any, NamedTuple, Self

from gateway_backend.domain.shared.errors import BodyUnreadable
from gateway_backend.domain.webhooks.receipt import WebhookKind

_LONGEST_ID = 128


class WebhookEnvelope(NamedTuple):
    """The identifying members of a webhook and the hash of the body they came in.

    Parsed by hand: pydantic would cost this function's cold start a third more (docs/decisions.md).
    """

    kind: WebhookKind
    body_hash: str
    timestamp: str
    checksum: str | None = None
    account_id: str | None = None
    transaction_id: str | None = None
    snapshot_date: str | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises: BodyUnreadable when it is not JSON, not an object or of no known shape."""
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            raise BodyUnreadable("The body is not JSON") from None
        if not isinstance(body, dict):
            raise BodyUnreadable("The body is not a JSON object")
        kind, timestamp = _kind(body), _text(body, "timestamp")
        if timestamp is None:
            raise BodyUnreadable("timestamp: is missing")
        return cls(
            kind=kind,
            body_hash=hashlib.sha256(raw).hexdigest(),
            timestamp=timestamp,
            checksum=_text(body, "checksum"),
            account_id=_text(body, "smallcaseAuthId"),
            transaction_id=_text(body, "transactionId"),
            snapshot_date=_text(body, "snapshotDate"),
        )

    @property
    def signed_text(self) -> str:
        """What the checksum covers (contract 3.2): plain concatenation, exactly as received."""
        subject = self.transaction_id if self.kind is WebhookKind.MUTUAL_FUNDS else self.account_id
        return self.timestamp + (subject or "")


def _kind(body: dict[str, Any]) -> WebhookKind:
    """Route by shape (contract 3.7): only the one of mutual funds names its intent."""
    if body.get("smallcaseAuthId") is not None:
        if "batchId" in body:
            return WebhookKind.ORDER
        if isinstance(body.get("securities"), list):
            return WebhookKind.HOLDINGS_V2
        if isinstance(body.get("securities"), dict):
            return WebhookKind.HOLDINGS_V1
        if "iscid" in body:
            return WebhookKind.PENDING_ACTION
    elif "transactionId" in body and "timestamp" in body:
        return WebhookKind.MUTUAL_FUNDS
    raise BodyUnreadable("The body has the shape of no webhook that Gateway sends")


def _text(body: dict[str, Any], name: str) -> str | None:
    """An identifying member; null and empty count as missing."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not value.isprintable():
        raise BodyUnreadable(f"{name}: must be a text of at most {_LONGEST_ID} printable characters")
    return value
