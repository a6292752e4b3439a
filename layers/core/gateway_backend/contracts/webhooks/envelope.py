"""The envelope of a webhook: its kind and its ids (contract 3).

Nothing else in the body is read here, because the checksum does not cover it.
"""

import hashlib
from typing import Any, NamedTuple, Self

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import BodyUnreadable
from gateway_backend.domain.shared.exact_json import JsonUnreadable
from gateway_backend.domain.transactions.intents import Intent
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
        """Raises: BodyUnreadable when it is not JSON, not an object, or has no timestamp."""
        try:
            body = exact_json.loads(raw)
        except JsonUnreadable:
            raise BodyUnreadable("The body is not JSON") from None
        if not isinstance(body, dict):
            raise BodyUnreadable("The body is not a JSON object")
        kind, timestamp = _kind(body), _text(body, "timestamp")
        if timestamp is None:
            raise BodyUnreadable(f"timestamp: must be a text of at most {_LONGEST_ID} printable characters")
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
    def signed_texts(self) -> list[str]:
        """What the checksum may cover (contract 3.2): plain concatenation, exactly as received.

        Of a kind that is new to us, either formula may be Gateway's.
        """
        by_account = self.kind is not WebhookKind.MUTUAL_FUNDS
        by_transaction = self.kind in (WebhookKind.MUTUAL_FUNDS, WebhookKind.UNKNOWN)
        subjects = [self.account_id if by_account else None, self.transaction_id if by_transaction else None]
        return [self.timestamp + subject for subject in subjects if subject]


def _kind(body: dict[str, Any]) -> WebhookKind:
    """Route by shape (contract 3.7). Whether its transaction knows better is seen when it is applied."""
    if body.get("intent") == Intent.MF_HOLDINGS_IMPORT:
        return WebhookKind.MUTUAL_FUNDS
    if body.get("smallcaseAuthId") is not None:
        if "batchId" in body:
            return WebhookKind.ORDER
        if isinstance(body.get("securities"), list):
            return WebhookKind.HOLDINGS_V2
        if isinstance(body.get("securities"), dict):
            return WebhookKind.HOLDINGS_V1
        if "iscid" in body:
            return WebhookKind.PENDING_ACTION
    return WebhookKind.UNKNOWN


def _text(body: dict[str, Any], name: str) -> str | None:
    """An identifying member; what cannot be an id or an instant counts as missing."""
    value = body.get(name)
    is_readable = isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()
    return value if is_readable else None
