"""Work on a receipt: bind it to a transaction of ours, confirm it with Gateway, apply what Gateway confirms.

The checksum proves where a webhook comes from, not what it says (promise 4). So nothing of its body is ever stored as
truth: it tells us whom to ask about. Mutual funds are the one exception, because nobody can be asked.
"""

from datetime import timedelta

from gateway_backend.contracts.webhook_envelope import WebhookKind
from gateway_backend.domain import times
from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import (
    AccountMismatch,
    AccountOfAnotherUser,
    ConnectionWithdrawn,
    GatewayForbidden,
    NotFound,
    NotYet,
)
from gateway_backend.domain.intents import Intent
from gateway_backend.domain.snapshots import Incomplete
from gateway_backend.domain.transactions import Report, Transaction
from gateway_backend.runtime.observability import count, logger
from gateway_backend.store.receipts import Receipt, ReceiptKey, Receipts, ReceiptVerdict
from gateway_backend.usecases.confirm_order_webhook import confirm_order_webhook
from gateway_backend.usecases.sync_context import SyncContext, import_into
from gateway_backend.usecases.sync_transaction import apply_gateway_report
from gateway_backend.usecases.webhook_context import PATIENCE, Quarantine, WebhookContext, fetch_report

INTENT_OF = {
    WebhookKind.HOLDINGS_V1: Intent.HOLDINGS_IMPORT,
    WebhookKind.HOLDINGS_V2: Intent.HOLDINGS_IMPORT,
    WebhookKind.ORDER: Intent.TRANSACTION,
}


def apply_webhook(key: ReceiptKey, *, attempt: int, replay_window: timedelta, context: WebhookContext) -> None:
    """Give the receipt its verdict. One that has its verdict, or is no longer kept, is left alone.

    Raises: what the store and Gateway raise, and NotYet: the message must come again.
    """
    receipts, now = context.receipts, context.sync.now
    receipt = receipts.find(key)
    if receipt is None or not receipt.is_pending:
        return
    try:
        _check_origin(receipt, receipts, replay_window)
        reason = _apply(receipt, attempt, context)
        # What a mutual fund statement said is kept on its own, without the investor's personal data.
        erase = receipt.kind is WebhookKind.MUTUAL_FUNDS
        receipts.decide(receipt, ReceiptVerdict.APPLIED, reason, now, erase=erase)
        count("WebhookApplied")
    except Quarantine as quarantine:
        logger.warning("webhook quarantined", reason=quarantine.reason, receipt=key.to_text())
        count("WebhookQuarantined")
        # What may still prove true is kept; the body of a second statement, or of no transaction of ours, is not.
        unsure = quarantine.reason in ("UNKNOWN_TO_GATEWAY", "NOT_CONFIRMED")
        erase = quarantine.erase or (receipt.kind is WebhookKind.MUTUAL_FUNDS and not unsure)
        receipts.decide(receipt, ReceiptVerdict.QUARANTINED, quarantine.reason, now, erase=erase)


def _check_origin(receipt: Receipt, receipts: Receipts, replay_window: timedelta) -> None:
    if receipts.first_with_checksum(receipt.key.checksum) != receipt.key.body_hash:
        raise Quarantine("CHECKSUM_REUSED")
    try:
        signed_at = times.parse(receipt.timestamp)
    except ValueError:
        raise Quarantine("TIMESTAMP_UNREADABLE") from None
    if not -replay_window <= receipt.received_at - signed_at <= replay_window:
        raise Quarantine("OUTSIDE_REPLAY_WINDOW")


def _apply(receipt: Receipt, attempt: int, context: WebhookContext) -> str:
    """What became of it, as a stable word. Raises: Quarantine, NotYet."""
    match receipt.kind:
        case WebhookKind.PENDING_ACTION:
            from gateway_backend.usecases.record_pending_action import record_pending_action

            return record_pending_action(receipt, context)
        case WebhookKind.MUTUAL_FUNDS:
            from gateway_backend.usecases.record_mutual_funds import (
                record_mutual_funds,  # the rare kinds pay for themselves
            )

            return record_mutual_funds(receipt, attempt, context)
    transaction = _bind(receipt, context.sync)
    report = _confirm(receipt, transaction, context.sync)
    try:
        apply_gateway_report(transaction, report, context.sync)
        if receipt.kind is WebhookKind.ORDER:
            return confirm_order_webhook(receipt, attempt, context)
        return _catch_up(receipt, attempt, context.sync)
    except (AccountMismatch, AccountOfAnotherUser) as refusal:
        raise Quarantine(refusal.code) from None
    except GatewayForbidden:
        if receipt.kind is WebhookKind.ORDER:
            raise  # an order is asked for with a guest's token: this is about our keys, or passes
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
    account = context.accounts.find(receipt.account_id or "")
    if account and account.owner != transaction.owner and not transaction.can_place_orders:
        raise Quarantine(AccountOfAnotherUser.code)
    return transaction


def _confirm(receipt: Receipt, transaction: Transaction, context: SyncContext) -> Report:
    """Gateway's own word on the transaction. Without it a captured checksum could link a stranger's account."""
    report = fetch_report(transaction, context)
    if report.account_id is None:
        raise NotYet("Gateway does not name the transaction's account yet")
    if report.account_id != receipt.account_id:
        raise Quarantine(AccountMismatch.code)
    return report


def _catch_up(receipt: Receipt, attempt: int, context: SyncContext) -> str:
    """Our snapshot must become as new as the one the webhook speaks of."""
    account = context.accounts.find(receipt.account_id or "")
    if account is None:
        raise NotFound
    if _is_as_new(account, receipt):
        return "CONFIRMED"
    outcome = import_into(account, context)
    account = context.accounts.find(account.id) or account
    if _is_as_new(account, receipt):
        return "CONFIRMED"
    if isinstance(outcome, Incomplete) or attempt < PATIENCE:
        raise NotYet("Gateway's holdings are not as new as the webhook's yet")
    raise Quarantine("NOT_CONFIRMED")


def _is_as_new(account: Account, receipt: Receipt) -> bool:
    try:
        claimed = times.parse(receipt.snapshot_date or "")
    except ValueError:
        return account.as_of is not None
    return account.as_of is not None and account.as_of >= claimed
