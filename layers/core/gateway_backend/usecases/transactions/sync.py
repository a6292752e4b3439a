"""Bring a transaction to where Gateway says it is, and do what follows from that: link, import, follow orders."""

from dataclasses import replace
from datetime import timedelta

from gateway_backend.domain.holdings.snapshot import PROVEN
from gateway_backend.domain.orders.batch import KnownBatch
from gateway_backend.domain.shared.errors import (
    LINK_REFUSALS,
    AccountMismatch,
    ConnectionWithdrawn,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Report, Status, Transaction
from gateway_backend.usecases.orders.sync import sync_cancelled_order, sync_orders
from gateway_backend.usecases.transactions.sync_context import SyncContext, import_into

RECONCILE_EVERY = timedelta(seconds=2)
"""A transaction is asked about at most this often, however often the app polls."""


def sync_if_open(transaction: Transaction, context: SyncContext) -> Transaction:
    """Ask Gateway about a transaction that has not settled. While Gateway is away the answer is what we knew."""
    return transaction if transaction.is_settled else sync(transaction, context)


def sync(transaction: Transaction, context: SyncContext) -> Transaction:
    """The same, settled or not."""
    asked, now = transaction.reconciled_at, context.now
    if asked and now - asked < RECONCILE_EVERY:
        return transaction
    try:
        return apply_gateway_report(transaction, context.gateway.transaction(transaction.id, now), context)
    except (GatewayUnavailable, GatewayRefused) as error:
        # The client has counted it; the time is noted so that a polling app does not add to an outage.
        known = context.transactions.find(transaction.id) or transaction
        was_refused = isinstance(error, GatewayRefused) and not isinstance(error, GatewayForbidden)
        known = known.expire_if_unknown(now) if was_refused else known
        known = context.transactions.advance(replace(known, reconciled_at=now))
        has_no_order = known.can_place_orders and known.status.is_final and not known.placed
        return context.transactions.mark_result_persisted(known, now) if has_no_order and was_refused else known
    except LINK_REFUSALS:
        return context.transactions.find(transaction.id) or transaction


def apply_gateway_report(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    """Link the account that the report names, store the status, then import or follow what the transaction brought.

    Every step is safe to repeat, and the status is stored before what it brought: a crash or an outage in between
    leaves a transaction that is not settled, to be taken up by the next read, result, webhook or check.
    Raises: LINK_REFUSALS (the refusal is stored with the transaction), and what the pulls raise.
    """
    try:
        if report.account_id:
            _link(transaction, report.account_id, report.broker, context)
    except LINK_REFUSALS as refusal:
        transaction = context.transactions.refuse(transaction, refusal.code, context.now)
        if transaction.can_place_orders and not isinstance(refusal, ConnectionWithdrawn):
            # Not linked; but the user has placed that order, and must hear what became of it.
            _process_result(
                context.transactions.advance(transaction.apply_report(report, context.now)), report, context
            )
        raise
    return _process_result(context.transactions.advance(transaction.apply_report(report, context.now)), report, context)


def _process_result(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    if transaction.can_place_orders:
        return _sync_orders(transaction, report, context)
    if transaction.intent is Intent.CANCEL_ORDER and transaction.status.is_final:
        _sync_cancelled_order(transaction, context)  # also when that failed: the order may have been filled before
    if transaction.intent is Intent.HOLDINGS_IMPORT and transaction.status is Status.COMPLETED:
        return _import_holdings(transaction, context)
    return transaction


def _sync_orders(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    batches: list[KnownBatch] = []
    if report.status is not Status.INITIALIZED or report.order_requested:  # else there is nothing to ask about yet
        transaction, batches = sync_orders(transaction, report, context)
    must_have = transaction.expects_orders(requested=report.order_requested)
    is_over = all(known.batch.is_final for known in batches) and (batches or not must_have)
    if transaction.stored or not (transaction.status.is_final and is_over):
        return transaction
    if batches and transaction.status is not Status.ACTION_REQUIRED:
        # Whatever ended badly was the SDK's part: the order was sent, and this is how it ended (contract 2.5).
        done = replace(transaction, status=Status.COMPLETED, failure=None, updated_at=context.now)
        transaction = context.transactions.advance(done)
        _refresh_recommendation(transaction, context)
    return context.transactions.mark_result_persisted(transaction, context.now)


def _refresh_recommendation(transaction: Transaction, context: SyncContext) -> None:
    """The order may have done what was recommended for the investment; Gateway says whether it still is."""
    iscid = transaction.order.iscid if transaction.order else None
    account = context.accounts.find(transaction.account_id or "") if iscid else None
    if iscid is None or account is None or not any(one.iscid == iscid for one in account.pending_actions):
        return
    from gateway_backend.usecases.connections.fetch_recommendation import fetch_recommendation

    try:
        fetch_recommendation(account.id, iscid, context)
    except (GatewayRefused, GatewayUnavailable):
        return  # it stays as it was; the next webhook about this investment asks again


def _sync_cancelled_order(transaction: Transaction, context: SyncContext) -> None:
    """The order that this cancelled has moved on: say so now rather than at its own next check."""
    about = (
        context.transactions.find(transaction.order.about) if transaction.order and transaction.order.about else None
    )
    if about:
        sync_cancelled_order(about, context)


def _import_holdings(transaction: Transaction, context: SyncContext) -> Transaction:
    """Import the holdings that a completed transaction made available; an incomplete answer leaves it unsettled."""
    if transaction.stored or transaction.account_id is None:
        return transaction
    account = context.accounts.find(transaction.account_id)
    if account is None or account.owner != transaction.owner:
        return context.transactions.refuse(transaction, ConnectionWithdrawn.code, context.now)
    try:
        outcome = import_into(account, context)
    except NotFound:
        return context.transactions.refuse(transaction, ConnectionWithdrawn.code, context.now)
    return (
        context.transactions.mark_result_persisted(transaction, context.now)
        if isinstance(outcome, PROVEN)
        else transaction
    )


def _link(transaction: Transaction, account_id: str, broker: str | None, context: SyncContext) -> None:
    """Raises: LINK_REFUSALS."""
    if not transaction.is_about(account_id):
        raise AccountMismatch
    context.accounts.link(account_id, broker, transaction, context.now)
