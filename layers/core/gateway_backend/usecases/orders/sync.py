"""Follow the orders of a transaction: keep what Gateway says of them, and let the holdings follow the fills."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway_backend.domain.connections.freshness import SessionState
from gateway_backend.domain.market.brokers import broker as known_broker
from gateway_backend.domain.orders.batch import Batch, KnownBatch
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayRefused, GatewayUnavailable, NotFound
from gateway_backend.domain.transactions.intents import SECURITIES
from gateway_backend.domain.transactions.transaction import Report, Transaction
from gateway_backend.usecases.transactions.sync_context import SyncContext, import_into


def sync_orders(transaction: Transaction, report: Report, context: SyncContext) -> tuple[Transaction, list[KnownBatch]]:
    """The transaction and every batch of it as they are known afterwards.

    Only what Gateway answers when asked is kept. Safe to repeat: what is known already writes nothing.
    Raises: what Gateway and the store raise.
    """
    told: list[Batch] = []
    if transaction.order and transaction.order.type == SECURITIES:
        told = _pulled(transaction, context)
    if report.batches and not told:
        # Where both speak, the order pull does: two sources with one time would overrule each other for ever.
        told = _read(list(report.batches), context)
    return _keep(transaction, told, context)


def sync_cancelled_order(transaction: Transaction, context: SyncContext) -> None:
    """The same for a securities order that another transaction has changed: a cancellation."""
    _keep(transaction, _pulled(transaction, context), context)


def _pulled(transaction: Transaction, context: SyncContext) -> list[Batch]:
    try:
        return _read(context.gateway.orders(transaction.id, context.now), context)
    except GatewayForbidden:
        raise
    except GatewayRefused:
        return []  # Gateway knows of no order: it need not give an empty answer for that (contract 2.7)


def _read(data: Any, context: SyncContext) -> list[Batch]:
    from gateway_backend.contracts.orders.gateway_batches import (
        parse_batches,  # an import need not pay for it at its cold start
    )

    return parse_batches(data, context.now)


def _keep(
    transaction: Transaction, told: Sequence[Batch], context: SyncContext
) -> tuple[Transaction, list[KnownBatch]]:
    known = {one.batch.id: one for one in context.orders.of(transaction.id)}
    filled = [batch for batch in told if _fills_more(known.get(batch.id), batch, transaction)]
    if filled and transaction.account_id:
        # Before the fill is known: a crash in between must not leave it known and the holdings not due.
        at = max(_filled_at(batch, context.now) for batch in filled)
        context.accounts.note_trade(transaction.account_id, transaction.owner, at)
    if told:
        # One that is new counts as open until it is stored: a crash before that must not lose it.
        is_open = any(batch.id not in known or not _merged(known[batch.id], batch).is_final for batch in told)
        transaction = context.transactions.mark_placed(transaction, is_open=is_open)
    new = [batch for batch in told if _is_new(known.get(batch.id), batch, transaction)]
    for batch in new:
        context.orders.record(transaction, batch, context.now)
    if filled:
        _refresh_holdings(transaction, context)
    return transaction, context.orders.of(transaction.id) if new else list(known.values())


def _is_new(known: KnownBatch | None, news: Batch, transaction: Transaction) -> bool:
    return known is None or known.is_changed_by(news, transaction.account_id)


def _merged(known: KnownBatch | None, news: Batch) -> Batch:
    return known.batch.merge(news) if known else news


def _fills_more(known: KnownBatch | None, news: Batch, transaction: Transaction) -> bool:
    """Also what had filled before the account was known is news to its holdings."""
    if known is None or (known.account_id is None and transaction.account_id):
        return news.shares_filled > 0
    return _merged(known, news).shares_filled > known.batch.shares_filled


def _filled_at(batch: Batch, now: datetime) -> datetime:
    """When the holdings changed, at the latest: a batch that has ended says when."""
    try:
        return min(times.parse(batch.completed_at or ""), now)
    except ValueError:
        return now


def _refresh_holdings(transaction: Transaction, context: SyncContext) -> None:
    """At once where no login is needed; where it is, or when it does not work now, the holdings stay due."""
    account = context.accounts.find(transaction.account_id or "")
    if account is None or account.owner != transaction.owner or account.as_of is None:
        return
    if not known_broker(account.broker).long_lived or account.state is not SessionState.ACTIVE:
        return
    try:
        import_into(account, context)
    except (GatewayRefused, GatewayUnavailable, NotFound):
        return  # noted on the account by the pull itself; NotFound: unlinked meanwhile
