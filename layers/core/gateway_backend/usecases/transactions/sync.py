"""Sync a transaction with Gateway, and do what follows from its status: link, import, sync its orders."""

from gateway_backend.domain.holdings.snapshot import PROVEN
from gateway_backend.domain.shared.errors import (
    LINK_REFUSALS,
    ConnectionWithdrawn,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.connections.link import link_account
from gateway_backend.usecases.contexts import SyncContext
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings
from gateway_backend.usecases.orders.sync import sync_cancelled_order, sync_orders

RECENT = 50
"""After-market orders wait for the next session: they are among the user's newest transactions."""


def sync_if_open(transaction: Transaction, context: SyncContext) -> Transaction:
    return transaction if transaction.is_settled else sync(transaction, context)


def sync(transaction: Transaction, context: SyncContext) -> Transaction:
    """Ask Gateway about the transaction. While Gateway is away, gives the transaction as it is stored."""
    now = context.now
    if transaction.was_just_synced(now):
        return transaction
    try:
        report = context.gateway.transaction(transaction.id, now)
        return apply_gateway_report(transaction, report, context)
    except (GatewayUnavailable, GatewayRefused) as error:
        # The time is recorded, so that a polling app does not add to an outage.
        is_unknown = isinstance(error, GatewayRefused) and not isinstance(error, GatewayForbidden)
        stored = context.transactions.find(transaction.id) or transaction
        return context.transactions.update(stored, lambda t: t.record_failed_sync(now, is_unknown=is_unknown))
    except LINK_REFUSALS:
        return context.transactions.find(transaction.id) or transaction


def apply_gateway_report(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    """Link the account that the report names, store the status, then store its holdings or orders.

    Every step is safe to repeat, and the status is stored first: a crash or an outage after that leaves a
    transaction that is not settled, and the next read, result, webhook or check goes on with it.
    Raises: LINK_REFUSALS (the refusal is stored with the transaction), and what the pulls raise.
    """
    try:
        if report.account_id:
            link_account(transaction, report.account_id, report.broker, context)
    except LINK_REFUSALS as refusal:
        code = refusal.code
        transaction = context.transactions.update(transaction, lambda t: t.refuse_link(code, context.now))
        if transaction.can_place_orders and not isinstance(refusal, ConnectionWithdrawn):
            # Not linked; but the user has placed the order, and needs to know what became of it.
            _process_result(_apply(report, transaction, context), report, context)
        raise
    return _process_result(_apply(report, transaction, context), report, context)


def _apply(report: Report, transaction: Transaction, context: SyncContext) -> Transaction:
    return context.transactions.update(transaction, lambda t: t.apply_report(report, context.now))


def _process_result(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    if transaction.can_place_orders:
        return sync_orders(transaction, report, context)
    if transaction.intent is Intent.CANCEL_ORDER and transaction.status.is_final:
        # Also when the cancellation failed: the order may have been filled before.
        sync_cancelled_order(transaction, context)
    if transaction.intent is Intent.CANCEL_AMO and transaction.status.is_final:
        _sync_after_market_orders(transaction, context)
    if transaction.intent is Intent.HOLDINGS_IMPORT and transaction.status is Status.COMPLETED:
        return _import_result(transaction, context)
    return transaction


def _sync_after_market_orders(cancellation: Transaction, context: SyncContext) -> None:
    """The open orders of the investment have moved on: record it now rather than at their own next checks."""
    iscid = cancellation.order.iscid if cancellation.order else None
    recent, _ = context.transactions.list(cancellation.owner, after=None, limit=RECENT)
    for listed in recent:
        if iscid and listed.is_open_order_for(iscid):
            order = context.transactions.find(listed.id)
            if order:
                sync(order, context)


def _import_result(transaction: Transaction, context: SyncContext) -> Transaction:
    """Import the holdings of a completed transaction; an incomplete answer leaves the transaction unsettled."""
    if transaction.result_persisted or transaction.account_id is None:
        return transaction
    connection = context.connections.find(transaction.account_id)
    if connection is None or connection.owner != transaction.owner:
        return _refuse_as_withdrawn(transaction, context)
    try:
        outcome = import_holdings(connection, AFTER_LOGIN, context.pull)
    except NotFound:
        return _refuse_as_withdrawn(transaction, context)
    if not isinstance(outcome, PROVEN):
        return transaction
    return context.transactions.update(transaction, lambda t: t.persist_result(context.now))


def _refuse_as_withdrawn(transaction: Transaction, context: SyncContext) -> Transaction:
    code = ConnectionWithdrawn.code
    return context.transactions.update(transaction, lambda t: t.refuse_link(code, context.now))
