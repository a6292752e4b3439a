"""From Gateway's bytes to DynamoDB's attributes, as the deployed functions do it."""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.orders.merge import merge
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.shared.exact_json import loads
from gateway_backend.gateway.checksums import is_authentic
from gateway_backend.store.dynamodb.codec import encode
from gateway_backend.store.orders.codec import to_item

_NOW = datetime(2026, 8, 3, tzinfo=UTC)


def prepare_webhook(raw: bytes) -> Callable[[], None]:
    """Verify a webhook, parse its envelope, and encode its receipt."""

    def process() -> None:
        envelope = WebhookEnvelope.parse(raw)
        (signed,) = envelope.signed_texts
        is_authentic(signed, "0" * 64, ("made-up",))
        encode({"pk": "r", "sk": envelope.body_hash, "kind": envelope.kind, "blob": zlib.compress(raw, 6)})

    return process


def prepare_order(raw: bytes) -> Callable[[], None]:
    """Parse the report of an order, merge it with the recorded batch, and encode the batch."""
    (recorded,) = parse_batches(loads(raw), _NOW).batches

    def process() -> None:
        (report,) = parse_batches(loads(raw), _NOW).batches
        merged = merge(recorded, report)
        encode(to_item(RecordedBatch(merged, "TRX_1", "user", "account", "kite", None, _NOW, _NOW, 2)))

    return process
