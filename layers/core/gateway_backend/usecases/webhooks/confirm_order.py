"""Does Gateway bear out what an order webhook claims? (contract 3.4)"""

from gateway_backend.domain.shared.errors import GatewayUnavailable, NotYet
from gateway_backend.store.webhooks.receipts import Receipt
from gateway_backend.usecases.webhooks.webhook_context import PATIENCE, Quarantine, WebhookContext, parse_receipt_body


def confirm_order_webhook(receipt: Receipt, attempt: int, context: WebhookContext) -> str:
    """Gateway has just been asked and its answer kept: the claim must not be further on, and not different.

    Raises: NotYet while it may still be on its way; Quarantine.
    """
    from gateway_backend.contracts.orders.gateway_batches import (
        parse_batches,  # an import need not pay for it at its cold start
    )

    try:
        claims = parse_batches(parse_receipt_body(receipt, context), receipt.received_at)
    except GatewayUnavailable:
        raise Quarantine("BATCH_UNREADABLE") from None
    known = {one.batch.id: one.batch for one in context.sync.orders.of(receipt.transaction_id or "")}
    if claims and all(claim.id in known and known[claim.id].confirms(claim) for claim in claims):
        return "CONFIRMED"
    if attempt < PATIENCE:
        raise NotYet("Gateway's orders are not as far as the webhook's yet")
    raise Quarantine("NOT_CONFIRMED")
