"""Record a mutual fund statement, which comes only by webhook and only once (contract 2.4, 3.6)."""

from gateway_backend.contracts.holdings.mutual_fund_statement import strip_personal_data
from gateway_backend.domain.shared.errors import NotYet
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.webhooks.receipt import Receipt
from gateway_backend.usecases.contexts import WebhookContext
from gateway_backend.usecases.webhooks.confirmation import (
    ATTEMPTS_BEFORE_QUARANTINE,
    Quarantine,
    fetch_report,
    parse_receipt_body,
)

_FAILED = (Status.ERRORED, Status.CANCELLED)


def record_mutual_funds(receipt: Receipt, context: WebhookContext) -> str:
    """Gateway cannot be asked for a statement (contract 2.4): the first body for a transaction counts."""
    sync, is_early = context.sync, context.attempt < ATTEMPTS_BEFORE_QUARANTINE
    transaction = sync.transactions.find(receipt.transaction_id or "")
    if transaction is None:
        raise Quarantine("UNKNOWN_TRANSACTION")
    if transaction.intent is not Intent.MF_HOLDINGS_IMPORT:
        raise Quarantine("INTENT_MISMATCH")
    report = fetch_report(transaction, context)
    if report.status in _FAILED:
        raise Quarantine("NOT_CONFIRMED")
    if report.status is Status.INITIALIZED and is_early:
        raise NotYet("Gateway has not begun this import yet")
    statement = strip_personal_data(parse_receipt_body(receipt, context))
    if statement is None:
        raise Quarantine("BODY_UNREADABLE")
    if not context.mutual_funds.save_first(transaction, statement, receipt.received_at):
        raise Quarantine("MUTUAL_FUNDS_KEPT_ALREADY")
    sync.transactions.update(transaction, lambda t: t.complete(report, sync.now))
    return "KEPT"
