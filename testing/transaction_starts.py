"""Starting transactions in a world: bodies of requests, the use case, and the creates that reach Gateway."""

from copy import replace
from itertools import count
from typing import Any

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway import tokens
from gateway_backend.usecases.contexts import StartContext
from gateway_backend.usecases.transactions.start import Started, start_transaction
from testing.fakes import Crash
from testing.gateway import KEYS
from testing.market_times import THURSDAY_EVENING
from testing.portfolios import market
from testing.transaction_requests import request
from testing.world import World

TICKERS = [row["nse_ticker"] for row in market()[:6]]

_attempts = count()


def basket(*securities: tuple[str, int | None, str | None], **more: Any) -> dict[str, Any]:
    """Tickers with quantity and side, each left to the user where it is None; `more` belongs to the request."""
    members = [{"ticker": ticker, "quantity": quantity, "type": side} for ticker, quantity, side in securities]
    given = [{name: value for name, value in security.items() if value is not None} for security in members]
    return {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": given}} | more


BUY = basket((TICKERS[0], 10, "BUY"))
IMPORT = {"intent": "HOLDINGS_IMPORT"}


def limited(**more: Any) -> dict[str, Any]:
    security = {"ticker": TICKERS[0], "orderType": "LIMIT", "price": 100}
    return {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": [security]}} | more


def cancel(batch_id: str = "batch-1", ticker: str = "M&M", **more: Any) -> dict[str, Any]:
    return {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": batch_id, "ticker": ticker}} | more


def start(
    world: World,
    body: dict[str, Any],
    *,
    user: str = "user-1",
    key: str = "key-1",
    context: StartContext | None = None,
) -> Started:
    """One request of the app; each has an id of its own."""
    return start_transaction(
        request(body),
        user=user,
        idempotency_key=key,
        attempt=f"request-{next(_attempts)}",
        context=context or world.start_context,
    )


def die_after_create(world: World, body: dict[str, Any]) -> None:
    """The worker of a first request dies after Gateway has created the transaction, before it is stored."""
    world.client.fail_on("transact_write_items", error=Crash())
    with pytest.raises(Crash):
        start(world, body)
    world.client.before_call = None


def creates(world: World) -> int:
    """How many creates have reached Gateway."""
    return world.calls_for("create")


def account_in(token: str) -> str | None:
    """The account that a token is for; None for a guest's."""
    return tokens.account_of(token, KEYS.secret, now=None)


def stock(ticker: str, status: OrderStatus, side: str = "BUY") -> Order:
    return Order(ticker, side, status, THURSDAY_EVENING, 10)


def place(world: World, batch: Batch) -> Transaction:
    """The batch is recorded as the one of TRX_0, which placed it in account-1."""
    transaction = replace(world.begin_order("TRX_0"), account_id="account-1", broker="groww")
    world.record_batch(transaction, batch, world.now)
    return transaction


def world_with_placed_batch() -> World:
    """batch-1 of TRX_0 in account-1: M&M is open, AXISBANK has been bought."""
    world = World()
    world.link("account-1", broker="groww")
    orders = (stock("AXISBANK", OrderStatus.COMPLETE), stock("M&M", OrderStatus.PLACED))
    place(world, Batch("batch-1", BatchStatus.PLACED, orders, world.now))
    return world
