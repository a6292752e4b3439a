"""What a receipt is applied with, and how one is refused."""

from dataclasses import dataclass
from typing import Any

from gateway_backend.domain import exact_json
from gateway_backend.domain.errors import GatewayForbidden, GatewayRefused
from gateway_backend.domain.exact_json import JsonUnreadable
from gateway_backend.domain.transactions import Report, Transaction
from gateway_backend.store.mutual_funds import MutualFunds
from gateway_backend.store.receipts import Receipt, Receipts
from gateway_backend.usecases.sync_context import SyncContext

PATIENCE = 3
"""How many times Gateway is asked for what a webhook claims before the webhook is disbelieved."""


@dataclass(frozen=True, slots=True)
class WebhookContext:
    receipts: Receipts
    mutual_funds: MutualFunds
    sync: SyncContext


class Quarantine(Exception):
    """The receipt is authentic but does not fit what we know; the reason is a stable machine word."""

    def __init__(self, reason: str, *, erase: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.erase = erase


def fetch_report(transaction: Transaction, context: SyncContext) -> Report:
    """Gateway's own word on the transaction. Raises: Quarantine when it has none."""
    try:
        return context.gateway.transaction(transaction.id, context.now)
    except GatewayForbidden:
        raise  # our keys are wrong: not the webhook's fault
    except GatewayRefused:
        raise Quarantine("UNKNOWN_TO_GATEWAY") from None


def parse_receipt_body(receipt: Receipt, context: WebhookContext) -> Any:
    """The webhook's body, numbers exact. Raises: Quarantine when it holds a number that no one can hold."""
    try:
        return exact_json.loads(context.receipts.body(receipt.key))
    except JsonUnreadable:
        raise Quarantine("BODY_UNREADABLE") from None
