"""A user's order batches, newest first, page by page."""

from itertools import chain
from typing import Any

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.filters import Filters
from gateway_backend.usecases.orders.list_orders import list_orders
from testing.market_times import MINUTE
from testing.world import World

EVERY = Filters(account_id=None, status=None, since=None, until=None)


@pytest.fixture
def world() -> World:
    """Five orders of a user, a minute apart, and one of another."""
    world = World()
    for number in range(5):
        place(world, number)
    place(world, 9, user="user-2")
    return world


def place(world: World, number: int, user: str = "user-1") -> None:
    world.now += MINUTE
    transaction = world.begin_order(f"TRX_{number}", user, account_id=f"account-{number % 2}")
    placed = Order("AXISBANK", "BUY", OrderStatus.PLACED, world.now, 10)
    world.record_batch(transaction, Batch(f"batch-{number}", BatchStatus.PLACED, (placed,), world.now), world.now)


def pages(world: World, filters: Filters = EVERY, limit: int = 2) -> list[list[str]]:
    found: list[list[str]] = []
    after: dict[str, Any] | None = None
    while True:
        page, after = list_orders(filters, user="user-1", after=after, limit=limit, batches=world.batches)
        found.append([recorded.batch.id for recorded in page])
        if after is None:
            return found


def test_the_pages_hold_each_batch_once_the_newest_first(world: World) -> None:
    assert list(chain.from_iterable(pages(world))) == [f"batch-{number}" for number in (4, 3, 2, 1, 0)]
    assert all(len(page) <= 2 for page in pages(world))


def test_a_filter_leaves_what_matches(world: World) -> None:
    assert list(chain.from_iterable(pages(world, EVERY._replace(account_id="account-1")))) == ["batch-3", "batch-1"]
    assert list(chain.from_iterable(pages(world, EVERY._replace(status=BatchStatus.COMPLETED)))) == []


def test_a_user_without_orders_has_one_empty_page(world: World) -> None:
    page, after = list_orders(EVERY, user="user-3", after=None, limit=2, batches=world.batches)

    assert (page, after) == ([], None)
