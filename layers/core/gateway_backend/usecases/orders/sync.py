"""Sync the orders of a transaction: record what Gateway reports of them, and let the holdings follow the fills."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.merge import merge_by_id
from gateway_backend.domain.orders.recorded_batch import BatchStep, PlacedBy, RecordedBatch, apply_report
from gateway_backend.domain.shared.errors import (
    ConcurrentUpdate,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.transactions.intents import SECURITIES
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.runtime.observability import count, logger
from gateway_backend.usecases.contexts import SyncContext
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings


def sync_orders(transaction: Transaction, report: Report, context: SyncContext) -> Transaction:
    """The transaction with its orders as Gateway reports them now; settled when all of them are final.

    Only Gateway's own answers are recorded. Safe to repeat: what is recorded already writes nothing.
    Raises: what Gateway and the store raise.
    """
    batches: list[RecordedBatch] = []
    if report.can_have_orders:
        transaction, batches = _record(transaction, _fetch(transaction, report, context), context)
    settled = transaction.settle_orders(
        [recorded.batch for recorded in batches], context.now, order_requested=report.order_requested
    )
    if settled == transaction:
        return transaction
    if batches and settled.status is Status.COMPLETED:
        _refresh_recommendation(transaction, context)
    try:
        return context.transactions.save(transaction, settled)
    except ConcurrentUpdate:
        # Another worker may have found an order that this one did not see: the next look settles it.
        return context.transactions.find(transaction.id) or transaction


def sync_cancelled_order(cancellation: Transaction, context: SyncContext) -> None:
    """The order that was cancelled has moved on: record it now rather than at its own next check."""
    about = cancellation.order.about if cancellation.order else None
    transaction = context.transactions.find(about) if about else None
    if transaction:
        _record(transaction, _fetch_securities(transaction, context), context)


def _fetch(transaction: Transaction, report: Report, context: SyncContext) -> list[Batch]:
    is_basket = transaction.order is not None and transaction.order.type == SECURITIES
    batches = _fetch_securities(transaction, context) if is_basket else []
    if report.batches and not batches:
        # Prefer the order API over transaction details: alternating between two sources would flip the state forever.
        return _parse(list(report.batches), context)
    return batches


def _fetch_securities(transaction: Transaction, context: SyncContext) -> list[Batch]:
    try:
        return _parse(context.gateway.orders(transaction.id, context.now), context)
    except GatewayForbidden:
        raise
    except GatewayRefused:
        return []  # Gateway knows of no order: it need not give an empty answer for that (contract 2.7)


def _parse(data: Any, context: SyncContext) -> list[Batch]:
    # Imported when there is an order: keeps the cold start of imports small.
    from gateway_backend.contracts.orders.gateway_batches import parse_batches

    batches, unreadable = parse_batches(data, context.now)
    if unreadable:
        logger.warning("orders unreadable", count=unreadable)
        count("OrderUnreadable", unreadable)
    return batches


def _record(
    transaction: Transaction, reports: Sequence[Batch], context: SyncContext
) -> tuple[Transaction, list[RecordedBatch]]:
    """The transaction and every batch of it as they are recorded afterwards."""
    placed_by = placement_of(transaction)
    recorded = {batch.batch.id: batch for batch in context.batches.of(transaction.id)}
    by_id = merge_by_id(reports)
    steps = [apply_report(recorded.get(id), report, placed_by, context.now) for id, report in by_id.items()]
    made = [step for step in steps if step]
    if fills := [step for step in made if step.fills_more]:
        # Before the fill is recorded: a crash in between must not leave it recorded and the holdings not due.
        _record_trade(transaction, fills, context)
    if reports:
        # One that is new counts as open until it is stored: a crash before that must not lose it.
        afterwards = recorded | {step.after.batch.id: step.after for step in made}
        is_open = any(id not in recorded or not afterwards[id].batch.is_final for id in by_id)
        transaction = context.transactions.update(transaction, lambda t: t.record_orders(context.now, is_open=is_open))
    for step in made:
        report = by_id[step.after.batch.id]
        decide = partial(apply_report, report=report, placed_by=placed_by, now=context.now)
        stored = context.batches.record(step, decide, transaction.created_at)
        if stored:
            recorded[stored.batch.id] = stored
    if fills:
        _refresh_holdings(transaction, context)
    return transaction, list(recorded.values())


def placement_of(transaction: Transaction) -> PlacedBy:
    name = transaction.order.name if transaction.order else None
    return PlacedBy(transaction.id, transaction.owner, transaction.account_id, transaction.broker, name)


def _record_trade(transaction: Transaction, fills: Sequence[BatchStep], context: SyncContext) -> None:
    connection = context.connections.find(transaction.account_id) if transaction.account_id else None
    if connection:
        filled_by = max(step.filled_by(transaction.created_at, context.now) for step in fills)
        context.connections.update(connection, lambda stored: stored.record_trade(transaction.owner, filled_by))


def _refresh_holdings(transaction: Transaction, context: SyncContext) -> None:
    """Import them at once where no login is needed. Where one is, or the import fails, the holdings stay due."""
    connection = context.connections.find(transaction.account_id or "")
    if connection is None or connection.owner != transaction.owner or connection.snapshot is None:
        return
    if not connection.is_refreshable or not connection.session.is_active:
        return
    try:
        import_holdings(connection, AFTER_LOGIN, context.pull)
    except (GatewayRefused, GatewayUnavailable, NotFound):
        return  # recorded on the connection by the pull itself; NotFound: unlinked meanwhile


def _refresh_recommendation(transaction: Transaction, context: SyncContext) -> None:
    """The order may have done what was recommended for the investment; Gateway says whether it still is."""
    iscid = transaction.order.iscid if transaction.order else None
    connection = context.connections.find(transaction.account_id or "") if iscid else None
    if iscid is None or connection is None or iscid not in [action.iscid for action in connection.pending_actions]:
        return
    from gateway_backend.usecases.connections.recommendation import fetch_recommendation

    try:
        fetch_recommendation(connection, iscid, context)
    except (GatewayRefused, GatewayUnavailable):
        return  # it stays as it was; the next webhook about this investment asks again
