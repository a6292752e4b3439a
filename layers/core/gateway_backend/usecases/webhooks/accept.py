"""Store a webhook, then queue it (contract 3.2)."""

from collections.abc import Sequence
from datetime import datetime

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.shared.errors import BodyTooLarge, BodyUnreadable, NotAuthentic
from gateway_backend.domain.webhooks.receipt import Receipt, WebhookKind
from gateway_backend.gateway.checksums import is_authentic
from gateway_backend.runtime.observability import count
from gateway_backend.runtime.queue import Queue
from gateway_backend.store.webhooks.receipts import Receipts

MAX_WEBHOOK_BYTES = 4 * 1024 * 1024
"""Lambda takes 6 MB, base64 makes three bytes four. 5,000 securities are below 2 MB."""


def accept_webhook(
    raw: bytes, *, now: datetime, api_secrets: Sequence[str], receipts: Receipts, queue: Queue
) -> Receipt:
    """Make an authentic webhook durable, then queue it.

    Queueing may fail: the receipt is already safe and the sweep finds it.
    Raises: BodyTooLarge, BodyUnreadable, NotAuthentic, and nothing is kept then; StoreUnavailable, and Gateway retries.
    """
    try:
        envelope = _authenticated(raw, api_secrets)
    except (BodyTooLarge, BodyUnreadable, NotAuthentic):
        count("WebhookRejected")
        raise
    receipt = receipts.record(envelope, raw, received_at=now)
    if receipt.is_pending:
        queue.send(receipt.key.to_text())
    return receipt


def _authenticated(raw: bytes, api_secrets: Sequence[str]) -> WebhookEnvelope:
    if len(raw) > MAX_WEBHOOK_BYTES:
        raise BodyTooLarge(f"A webhook may have {MAX_WEBHOOK_BYTES} bytes")
    envelope = WebhookEnvelope.parse(raw)  # ids only: the checksum does not cover the rest
    if any(is_authentic(text, envelope.checksum, api_secrets) for text in envelope.signed_texts):
        return envelope
    if envelope.kind is WebhookKind.UNKNOWN:
        raise BodyUnreadable("The body has the shape of no webhook that Gateway sends, and no checksum of it")
    raise NotAuthentic("The checksum does not fit the timestamp and id: is the API secret the current one?")
