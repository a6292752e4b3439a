"""Confirm what an order webhook claims (contract 3.4)."""

from gateway_backend.domain.shared.errors import GatewayUnavailable, NotYet
from gateway_backend.domain.webhooks.receipt import Receipt
from gateway_backend.usecases.contexts import WebhookContext
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE, Quarantine, parse_receipt_body


def confirm_order_webhook(receipt: Receipt, context: WebhookContext) -> str:
    """Gateway has just been asked and its answer recorded: the claim must not be further on, and not different.

    Raises: NotYet while the answer may still change; Quarantine.
    """
    # Imported when an order comes: keeps the cold start of imports small.
    from gateway_backend.contracts.orders.gateway_batches import parse_batches
    from gateway_backend.domain.orders.merge import confirms

    try:
        claims = parse_batches(parse_receipt_body(receipt, context), receipt.received_at).batches
    except GatewayUnavailable:
        raise Quarantine("BATCH_UNREADABLE") from None
    recorded = {batch.batch.id: batch.batch for batch in context.sync.batches.of(receipt.transaction_id or "")}
    if claims and all(claim.id in recorded and confirms(recorded[claim.id], claim) for claim in claims):
        return "CONFIRMED"
    if context.attempt < ATTEMPTS_BEFORE_QUARANTINE:
        raise NotYet("Gateway's orders are not as far as the webhook's yet")
    raise Quarantine("NOT_CONFIRMED")
