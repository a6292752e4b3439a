"""A repeat with an old key gives no more than a first request would, whatever has become of the account since."""

import json
from itertools import count
from typing import Any

import pytest

from gateway_backend.contracts.transactions.parse_request import parse_transaction_request
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.gateway import tokens
from gateway_backend.usecases.orders.validate import sell_warnings
from gateway_backend.usecases.transactions.start import Started, start_transaction
from testing.gateway import KEYS
from testing.market_times import MINUTE
from testing.portfolios import market
from testing.world import World

ATTEMPTS = count()
TICKER = market()[0]["nse_ticker"]
IMPORT = {"intent": "HOLDINGS_IMPORT", "version": "v2", "smallcaseAuthId": "a"}
SELL = {
    "intent": "TRANSACTION",
    "smallcaseAuthId": "a",
    "orderConfig": {"type": "SECURITIES", "securities": [{"ticker": TICKER, "quantity": 99, "type": "SELL"}]},
}
CANCEL = {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": "batch-1", "ticker": TICKER}}


@pytest.fixture
def world() -> World:
    world = World()
    world.link("a")
    return world


def start(world: World, body: dict[str, Any], key: str = "key-1", user: str = "user-1") -> Started:
    request = parse_transaction_request(json.dumps(body).encode())
    attempt = f"request-{next(ATTEMPTS)}"
    return start_transaction(request, user=user, idempotency_key=key, attempt=attempt, context=world.start_context)


def account_in(started: Started, world: World) -> str | None:
    return tokens.account_of(started.token, KEYS.secret, world.now)


def unlink(world: World) -> None:
    world.now += MINUTE
    world.unlink("a")


def link_to_another(world: World) -> None:
    """Another user has linked the account since."""
    unlink(world)
    world.now += MINUTE
    world.link_with(world.begin_transaction("TRX_9", "user-2"), "a")
    world.pull("a")


def place_order(world: World) -> None:
    transaction = world.begin_order("TRX_1", account_id="a")
    placed = Order(TICKER, "BUY", OrderStatus.PLACED, world.now, quantity=10)
    world.record_batch(transaction, Batch("batch-1", BatchStatus.PLACED, (placed,), world.now), world.now)


@pytest.mark.parametrize("since", [unlink, link_to_another])
@pytest.mark.parametrize("body", [IMPORT, SELL], ids=["import", "sell"])
def test_a_repeat_gets_no_token_of_an_account_that_is_not_the_users_now(world: World, body: Any, since: Any) -> None:
    assert account_in(start(world, body), world) == "a"
    since(world)

    with pytest.raises(NotFound):
        start(world, body)


def test_a_repeat_warns_of_nothing_in_an_account_of_another_user(world: World) -> None:
    place_order(world)
    transaction = start(world, SELL).transaction
    link_to_another(world)

    assert sell_warnings(transaction, world.connections, world.snapshots) == []


def test_a_repeat_gets_the_token_while_the_account_is_still_the_users(world: World) -> None:
    first, repeat = start(world, IMPORT), start(world, IMPORT)

    assert (repeat.replayed, repeat.transaction.id) == (True, first.transaction.id)
    assert account_in(repeat, world) == "a"


def test_who_placed_an_order_in_an_account_of_another_user_cancels_it_as_a_guest(world: World) -> None:
    """As when the link of the order's account was refused, and the order was followed all the same."""
    transaction = world.begin_order("TRX_1", account_id="b")
    world.link_with(world.begin_transaction("TRX_2", "user-2"), "b")
    placed = Order(TICKER, "BUY", OrderStatus.PLACED, world.now, quantity=10)
    world.record_batch(transaction, Batch("batch-1", BatchStatus.PLACED, (placed,), world.now), world.now)

    for started in (start(world, CANCEL), start(world, CANCEL)):
        assert started.transaction.intent is Intent.CANCEL_ORDER
        assert account_in(started, world) is None


def test_an_order_in_the_users_own_account_is_cancelled_with_its_token(world: World) -> None:
    place_order(world)

    assert account_in(start(world, CANCEL), world) == "a"
