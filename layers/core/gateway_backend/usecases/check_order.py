"""Does Gateway bear out what an order webhook claims? (contract 3.4)"""

from gateway_backend.domain.errors import GatewayUnavailable, NotYet
from gateway_backend.store.receipts import Receipt
from gateway_backend.usecases.applying import PATIENCE, Applying, Quarantine, body_of


def check_order(receipt: Receipt, attempt: int, tools: Applying) -> str:
    """Gateway has just been asked and its answer kept: the claim must not be further on, and not different.

    Raises: NotYet while it may still be on its way; Quarantine.
    """
    from gateway_backend.contracts.order_wire import read_batches  # an import need not pay for it at its cold start

    try:
        claims = read_batches(body_of(receipt, tools), receipt.received_at)
    except GatewayUnavailable:
        raise Quarantine("BATCH_UNREADABLE") from None
    known = {one.batch.id: one.batch for one in tools.settling.orders.of(receipt.transaction_id or "")}
    if claims and all(claim.id in known and known[claim.id].bears_out(claim) for claim in claims):
        return "CONFIRMED"
    if attempt < PATIENCE:
        raise NotYet("Gateway's orders are not as far as the webhook's yet")
    raise Quarantine("NOT_CONFIRMED")
