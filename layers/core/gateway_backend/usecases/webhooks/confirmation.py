"""What all kinds of webhooks have in common when they are confirmed with Gateway, and how one is quarantined."""

from typing import Any

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayRefused, NotYet
from gateway_backend.domain.shared.exact_json import JsonUnreadable
from gateway_backend.domain.transactions.report import Report
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.domain.webhooks.receipt import Receipt
from gateway_backend.usecases.contexts import WebhookContext

ATTEMPTS_BEFORE_QUARANTINE = 3
"""How many times Gateway is asked about a webhook's claim before the webhook is quarantined."""


class Quarantine(Exception):
    """The receipt is authentic but contradicts what is recorded; the reason is a stable machine word."""

    def __init__(self, reason: str, *, erase: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.erase = erase


def fetch_report(transaction: Transaction, context: WebhookContext) -> Report:
    """Gateway's own word on the transaction. Raises: Quarantine when it has none, NotYet at first."""
    try:
        return context.sync.gateway.transaction(transaction.id, context.sync.now)
    except GatewayForbidden:
        raise  # our keys are wrong: not the webhook's fault
    except GatewayRefused:
        raise unknown_to_gateway(context) from None


def unknown_to_gateway(context: WebhookContext) -> Quarantine | NotYet:
    """One odd refusal proves nothing, for a Gateway in trouble may not know what it knew a minute ago."""
    if context.attempt < ATTEMPTS_BEFORE_QUARANTINE:
        return NotYet("Gateway does not know what the webhook is about")
    return Quarantine("UNKNOWN_TO_GATEWAY")


def parse_receipt_body(receipt: Receipt, context: WebhookContext) -> Any:
    """The webhook's body, numbers exact. Raises: Quarantine when it holds a number that no one can hold."""
    try:
        return exact_json.loads(context.receipts.body(receipt.key))
    except JsonUnreadable:
        raise Quarantine("BODY_UNREADABLE") from None
