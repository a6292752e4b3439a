"""Apply a receipt: bind it to a transaction of ours, confirm it with Gateway, apply what Gateway confirms.

The checksum proves where a webhook comes from, not what it says (docs/architecture.md, promise 4). So nothing of
its body is ever stored as truth: it only says what to ask Gateway about. Mutual funds are the one exception, because
Gateway offers no way to ask.
"""

from datetime import timedelta

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.snapshot import Complete, Incomplete, judge
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import (
    AccountMismatch,
    AccountOfAnotherUser,
    ConnectionWithdrawn,
    GatewayForbidden,
    NotFound,
    NotYet,
)
from gateway_backend.domain.shared.exact_json import JsonUnreadable, members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Report
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.domain.webhooks.receipt import Receipt, ReceiptKey, ReceiptVerdict, WebhookKind
from gateway_backend.runtime.observability import count, logger
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.contexts import SyncContext, WebhookContext
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings
from gateway_backend.usecases.transactions.sync import apply_gateway_report
from gateway_backend.usecases.webhooks.confirm_order import confirm_order_webhook
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE, Quarantine, fetch_report

INTENT_OF = {
    WebhookKind.HOLDINGS_V1: Intent.HOLDINGS_IMPORT,
    WebhookKind.HOLDINGS_V2: Intent.HOLDINGS_IMPORT,
    WebhookKind.ORDER: Intent.TRANSACTION,
}

ORDINARY = frozenset({ConnectionWithdrawn.code, AccountOfAnotherUser.code, "UNKNOWN_ACCOUNT"})
"""What users do brings these about: nobody is alarmed."""

UNSURE = frozenset({"UNKNOWN_TO_GATEWAY", "NOT_CONFIRMED"})
UNREADABLE = frozenset({"UNKNOWN_KIND", "BATCH_UNREADABLE", "BODY_UNREADABLE", "ISCID_UNREADABLE"})


def apply_webhook(key: ReceiptKey, context: WebhookContext) -> None:
    """Give the receipt its verdict. One that has its verdict, or is no longer kept, is left alone.

    Raises: what the store and Gateway raise, and NotYet: the message must come again.
    """
    receipts, now = context.receipts, context.sync.now
    receipt = receipts.find(key)
    if receipt is None:
        logger.warning("message without a receipt", receipt=key.to_text())
        count("ReceiptMissing")
        return
    if not receipt.is_pending:
        return
    transaction = context.sync.transactions.find(receipt.transaction_id) if receipt.transaction_id else None
    if transaction:
        receipt = receipt.about(transaction.intent)
    try:
        _check_origin(receipt, receipts, context.replay_window)
        reason = _apply(receipt, context)
        # A mutual fund statement is stored apart, without the investor's personal data.
        erase = receipt.kind is WebhookKind.MUTUAL_FUNDS
        receipts.record_verdict(receipt, ReceiptVerdict.APPLIED, reason, now, erase=erase)
        count("WebhookApplied")
    except Quarantine as quarantine:
        logger.warning("webhook quarantined", reason=quarantine.reason, receipt=key.to_text())
        count("WebhookSetAside" if quarantine.reason in ORDINARY else "WebhookQuarantined")
        erase = quarantine.erase or not _is_worth_keeping(receipt, quarantine.reason, context.sync)
        receipts.record_verdict(receipt, ReceiptVerdict.QUARANTINED, quarantine.reason, now, erase=erase)


def _is_worth_keeping(receipt: Receipt, reason: str, context: SyncContext) -> bool:
    """Whether anybody needs the body: what may still prove true, or tells an engineer what Gateway sends.

    Any other may hold the portfolio of somebody who never was, or no longer is, a user of the account.
    """
    if reason not in (UNSURE if receipt.kind is WebhookKind.MUTUAL_FUNDS else UNSURE | UNREADABLE):
        return False
    transaction = context.transactions.find(receipt.transaction_id) if receipt.transaction_id else None
    if receipt.account_id is None or (transaction and transaction.is_erased):
        return transaction is not None and not transaction.is_erased
    unlinked_at = context.connections.last_unlinked_at(receipt.account_id)
    try:
        return unlinked_at is None or times.parse(receipt.timestamp) > unlinked_at
    except ValueError:
        return False


def _check_origin(receipt: Receipt, receipts: Receipts, replay_window: timedelta) -> None:
    if receipts.first_with_checksum(receipt.key.checksum) != receipt.key.body_hash:
        raise Quarantine("CHECKSUM_REUSED")
    try:
        signed_at = times.parse(receipt.timestamp)
    except ValueError:
        raise Quarantine("TIMESTAMP_UNREADABLE") from None
    if not -replay_window <= receipt.received_at - signed_at <= replay_window:
        raise Quarantine("OUTSIDE_REPLAY_WINDOW")


def _apply(receipt: Receipt, context: WebhookContext) -> str:
    """What became of it, as a stable word. Raises: Quarantine, NotYet."""
    # Rare kinds are imported when one comes: keeps the cold start small.
    match receipt.kind:
        case WebhookKind.UNKNOWN:
            raise Quarantine("UNKNOWN_KIND")
        case WebhookKind.PENDING_ACTION:
            from gateway_backend.usecases.webhooks.record_pending_action import record_pending_action

            return record_pending_action(receipt, context)
        case WebhookKind.MUTUAL_FUNDS:
            from gateway_backend.usecases.webhooks.record_mutual_funds import record_mutual_funds

            return record_mutual_funds(receipt, context)
    transaction = _bind(receipt, context.sync)
    report = _confirm(receipt, transaction, context)
    try:
        apply_gateway_report(transaction, report, context.sync)
        if receipt.kind is WebhookKind.ORDER:
            return confirm_order_webhook(receipt, context)
        return _import_newer(receipt, context)
    except (AccountMismatch, AccountOfAnotherUser) as refusal:
        raise Quarantine(refusal.code) from None
    except GatewayForbidden:
        if receipt.kind is WebhookKind.ORDER:
            raise  # orders are pulled with a guest's token, so a 403 is about our keys, or it passes
        # Gateway answered about the transaction, so our keys are right: it is this account's session that is over.
        return "NEEDS_LOGIN"
    except (ConnectionWithdrawn, NotFound):
        # Unlinked meanwhile: the body holds a portfolio that the user has taken back.
        raise Quarantine(ConnectionWithdrawn.code, erase=True) from None


def _bind(receipt: Receipt, context: SyncContext) -> Transaction:
    """The transaction that the receipt is about: created by us, with an intent, user and account that agree."""
    transaction = context.transactions.find(receipt.transaction_id) if receipt.transaction_id else None
    if transaction is None:
        raise Quarantine("UNKNOWN_TRANSACTION")
    if INTENT_OF.get(receipt.kind) is not transaction.intent:
        raise Quarantine("INTENT_MISMATCH")
    if not transaction.is_about(receipt.account_id or ""):
        raise Quarantine(AccountMismatch.code)
    connection = context.connections.find(receipt.account_id or "")
    if connection and connection.owner != transaction.owner and not transaction.can_place_orders:
        raise Quarantine(AccountOfAnotherUser.code)
    return transaction


def _confirm(receipt: Receipt, transaction: Transaction, context: WebhookContext) -> Report:
    """Gateway's own word on the transaction. Without it a captured checksum could link a stranger's account."""
    report = fetch_report(transaction, context)
    if report.account_id is None:
        raise NotYet("Gateway does not name the transaction's account yet")
    if report.account_id != receipt.account_id:
        raise Quarantine(AccountMismatch.code)
    return report


def _import_newer(receipt: Receipt, context: WebhookContext) -> str:
    """Our snapshot must become as new as the one that the webhook names."""
    connections = context.sync.connections
    connection = connections.find(receipt.account_id or "")
    if connection is None:
        raise NotFound
    if not connection.has_holdings:
        connection = _record_shown(connection, receipt, context)
    if _is_as_new(connection, receipt):
        return "CONFIRMED"
    outcome = import_holdings(connection, AFTER_LOGIN, context.sync.pull)
    connection = connections.find(connection.id) or connection
    if _is_as_new(connection, receipt):
        return "CONFIRMED"
    if isinstance(outcome, Incomplete) or context.attempt < ATTEMPTS_BEFORE_QUARANTINE:
        raise NotYet("Gateway's holdings are not as new as the webhook's yet")
    raise Quarantine("NOT_CONFIRMED")


def _record_shown(connection: Connection, receipt: Receipt, context: WebhookContext) -> Connection:
    """Where we hold nothing, what the webhook shows is evidence against an empty answer of the same date."""
    try:
        shown = judge(members(context.receipts.body(receipt.key)), connection.id, receipt.received_at)
    except (JsonUnreadable, LookupError):
        return connection
    if not isinstance(shown, Complete) or shown.snapshot.portfolio.size == 0:
        return connection
    as_of = shown.snapshot.as_of
    return context.sync.connections.update(connection, lambda stored: stored.record_shown(as_of)) or connection


def _is_as_new(connection: Connection, receipt: Receipt) -> bool:
    as_of = connection.as_of
    if as_of is None or (connection.shown_as_of and as_of <= connection.shown_as_of and not connection.has_holdings):
        return False
    try:
        return as_of >= times.parse(receipt.snapshot_date or "")
    except ValueError:
        return True
