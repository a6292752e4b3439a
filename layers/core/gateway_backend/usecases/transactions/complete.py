"""Take the SDK's result (contract 6), and ask Gateway what really happened."""

from copy import replace

from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.shared.errors import (
    AccountMismatch,
    GatewayRefused,
    GatewayUnavailable,
    RequestInvalid,
    TransactionExpired,
)
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway import tokens
from gateway_backend.usecases.contexts import SyncContext
from gateway_backend.usecases.transactions.sync import apply_gateway_report


def complete_transaction(transaction_id: str, result: SdkResult, *, user: str, context: SyncContext) -> Transaction:
    """The transaction as Gateway reports it; not settled while Gateway cannot tell.

    A user who logged in is linked even when the transaction failed afterwards. The token proves who signed it, not who
    brings it: it links nothing by itself, and must agree with the account that Gateway names. The client's success or
    failure is a hint: its failure is kept for the user until Gateway says otherwise.
    Raises: NotFound, RequestInvalid, SdkTokenInvalid, SdkTokenExpired, AccountMismatch, AccountOfAnotherUser,
    ConnectionWithdrawn, TransactionExpired.
    """
    transaction = context.transactions.owned(transaction_id, user)
    if result.transaction_id not in (None, transaction_id):
        raise RequestInvalid("transactionId: the SDK's result is about another transaction than the path")
    proven = tokens.account_of(result.token, context.gateway.keys.secret, context.now) if result.token else None
    if transaction.can_place_orders and transaction.is_settled:
        return transaction  # what became of the order is known; a result that is sent again asks nobody
    report = _fetch_report(transaction, context)
    if report is None:
        return context.transactions.update(transaction, lambda t: t.record_client_failure(result.failure, context.now))
    if proven and report.account_id not in (None, proven):
        raise AccountMismatch
    failure = report.failure or transaction.failure or result.failure
    transaction = _apply(replace(report, failure=failure), transaction, context)
    if transaction.status is Status.EXPIRED and not transaction.has_orders:
        raise TransactionExpired("The transaction expired before it was finished: start a new one")
    return transaction


def _apply(report: Report, transaction: Transaction, context: SyncContext) -> Transaction:
    try:
        return apply_gateway_report(transaction, report, context)
    except (GatewayUnavailable, GatewayRefused):
        # Linked, but the holdings did not come: the next read or the webhook fetches them.
        return context.transactions.find(transaction.id) or transaction


def _fetch_report(transaction: Transaction, context: SyncContext) -> Report | None:
    """None while Gateway is away: the next read, result or webhook asks again."""
    try:
        return context.gateway.transaction(transaction.id, context.now)
    except (GatewayUnavailable, GatewayRefused):
        return None
