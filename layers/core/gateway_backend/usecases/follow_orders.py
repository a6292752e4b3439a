"""Follow the orders of a transaction: keep what Gateway says of them, and let the holdings follow the fills."""

from collections.abc import Sequence
from typing import Any

from gateway_backend.domain.brokers import broker as known_broker
from gateway_backend.domain.errors import GatewayRefused, GatewayUnavailable, NotFound
from gateway_backend.domain.freshness import SessionState
from gateway_backend.domain.intents import SECURITIES
from gateway_backend.domain.orders import Batch, KnownBatch
from gateway_backend.domain.transactions import Report, Transaction
from gateway_backend.usecases.settling import Settling, import_into


def follow_orders(transaction: Transaction, report: Report, tools: Settling) -> list[KnownBatch]:
    """Every batch of the transaction as it is known afterwards.

    Only what Gateway answers when asked is kept. Safe to repeat: what is known already writes nothing.
    Raises: what Gateway and the store raise.
    """
    told = _read(list(report.batches), tools) if report.batches else []
    if transaction.order and transaction.order.type == SECURITIES:
        told += _pulled(transaction, tools)
    return _keep(transaction, told, tools)


def follow_again(transaction: Transaction, tools: Settling) -> list[KnownBatch]:
    """The same for a securities order that somebody else's transaction has changed: a cancellation."""
    return _keep(transaction, _pulled(transaction, tools), tools)


def _pulled(transaction: Transaction, tools: Settling) -> list[Batch]:
    return _read(tools.gateway.orders(transaction.id, tools.now), tools)


def _read(data: Any, tools: Settling) -> list[Batch]:
    from gateway_backend.contracts.order_wire import read_batches  # an import need not pay for it at its cold start

    return read_batches(data, tools.now)


def _keep(transaction: Transaction, told: Sequence[Batch], tools: Settling) -> list[KnownBatch]:
    before = {known.batch.id: known.batch for known in tools.orders.of(transaction.id)}
    has_filled = any(_fills_more(before.get(batch.id), batch) for batch in told)
    if has_filled and transaction.account_id:
        # Before the fill is known: a crash in between must not leave it known and the holdings not due.
        tools.accounts.note_trade(transaction.account_id, transaction.owner, tools.now)
    for batch in told:
        tools.orders.record(transaction, batch, tools.now)
    if has_filled:
        _refresh_holdings(transaction, tools)
    return tools.orders.of(transaction.id)


def _fills_more(before: Batch | None, news: Batch) -> bool:
    if before is None:
        return news.shares_filled > 0
    return before.merged(news).shares_filled > before.shares_filled


def _refresh_holdings(transaction: Transaction, tools: Settling) -> None:
    """At once where no login is needed; where it is, or when it does not work now, the holdings stay due."""
    account = tools.accounts.find(transaction.account_id or "")
    if account is None or account.owner != transaction.owner or account.as_of is None:
        return
    if not known_broker(account.broker).long_lived or account.state is not SessionState.ACTIVE:
        return
    try:
        import_into(account, tools)
    except (GatewayRefused, GatewayUnavailable, NotFound):
        return  # noted on the account by the pull itself; NotFound: unlinked meanwhile
