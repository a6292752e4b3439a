"""Start a cancellation: only an open order of the user's, in the account that it was placed in."""

from copy import replace
from typing import Any

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus, OrderStatus
from gateway_backend.domain.shared.errors import NotFound, OrderIsFinal
from testing.transaction_starts import account_in, cancel, creates, place, start, stock, world_with_placed_batch
from testing.world import World


@pytest.fixture
def placed() -> World:
    return world_with_placed_batch()


@pytest.fixture
def linked() -> World:
    world = World()
    world.link("account-1", broker="groww")
    return world


def test_an_open_order_is_cancelled_in_the_account_it_was_placed_in(placed: World) -> None:
    started = start(placed, cancel())

    assert placed.gateway.create_bodies[-1]["orderConfig"] == {"batchId": "batch-1", "ticker": "M&M"}
    assert account_in(started.token) == "account-1"
    assert started.transaction.requested_account_id == "account-1"


def test_a_cancellation_names_the_transaction_that_placed_the_order(placed: World) -> None:
    order = start(placed, cancel()).transaction.order

    assert order is not None
    assert order.about == "TRX_0"


def test_a_cancellation_may_name_the_account_of_the_order(placed: World) -> None:
    assert start(placed, cancel(smallcaseAuthId="account-1")).transaction.id


@pytest.mark.parametrize(
    ("body", "user"),
    [
        (cancel("batch-9"), "user-1"),
        (cancel(ticker="HDFCBANK"), "user-1"),
        (cancel(), "user-2"),
        (cancel(smallcaseAuthId="account-2"), "user-1"),
    ],
)
def test_an_order_that_is_not_the_users_in_that_account_is_not_found(
    placed: World, body: dict[str, Any], user: str
) -> None:
    placed.link("account-2", broker="groww")

    with pytest.raises(NotFound):
        start(placed, body, user=user)
    assert creates(placed) == 0


def test_an_order_that_has_ended_is_not_cancelled(placed: World) -> None:
    with pytest.raises(OrderIsFinal):
        start(placed, cancel(ticker="AXISBANK"))
    assert creates(placed) == 0


def test_a_batch_that_the_user_has_closed_is_not_cancelled(linked: World) -> None:
    open_stock = (stock("M&M", OrderStatus.PLACED),)
    place(linked, Batch("batch-1", BatchStatus.MARKEDCOMPLETE, open_stock, linked.now))

    with pytest.raises(OrderIsFinal):
        start(linked, cancel())


def test_a_ticker_that_stands_in_the_batch_twice_is_cancelled_while_either_order_is_open(linked: World) -> None:
    both = (stock("M&M", OrderStatus.COMPLETE, "BUY"), stock("M&M", OrderStatus.PLACED, "SELL"))
    place(linked, Batch("batch-1", BatchStatus.PLACED, both, linked.now))

    assert start(linked, cancel()).transaction.order is not None


def test_a_repeated_cancellation_gets_the_first_also_when_the_order_has_ended_since(placed: World) -> None:
    first = start(placed, cancel())
    ended = (stock("M&M", OrderStatus.CANCELLED),)
    placed.record_batch(
        replace(placed.transactions.owned("TRX_0", "user-1"), account_id="account-1"),
        Batch("batch-1", BatchStatus.CANCELLED, ended, placed.now),
        placed.now,
    )

    again = start(placed, cancel())

    assert (again.replayed, again.transaction.id) == (True, first.transaction.id)
    assert creates(placed) == 1
