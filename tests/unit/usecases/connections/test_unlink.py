"""Unlinking ends the ownership and erases what is stored of the account; a repeat finishes what a crash left."""

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.shared.errors import NotFound, StoreUnavailable
from testing.fakes import Crash
from testing.market_times import MINUTE
from testing.world import World


@pytest.fixture
def world() -> World:
    """An imported account, an order in it, and a webhook about it."""
    world = World()
    world.link("a")
    order = world.begin_order("TRX_order", account_id="a", note="mine")
    placed = Order("AXISBANK", "BUY", OrderStatus.PLACED, world.now, 10)
    world.record_batch(order, Batch("batch-1", BatchStatus.PLACED, (placed,), world.now), world.now)
    body = {"smallcaseAuthId": "a", "transactionId": "TRX_a", "securities": []}
    world.apply_receipt(world.receive_webhook(body))
    world.now += MINUTE
    return world


def left_of(world: World) -> set[str]:
    """The kinds of items that hold what the account held."""
    kinds = {f"{item['pk']['S'].split('#')[0]} {item['sk']['S'].split('#')[0]}" for item in world.memory.items()}
    return {kind for kind in kinds if kind.startswith("RECEIPT") or "SNAPSHOT" in kind or "STATUS" in kind}


def test_the_portfolio_and_the_webhooks_of_the_account_are_erased(world: World) -> None:
    world.unlink("a")

    assert left_of(world) == {"RECEIPT FIRST"}
    assert world.connections.find("a") is None


def test_its_orders_and_what_was_written_about_them_are_erased(world: World) -> None:
    world.unlink("a")

    assert world.batches.of("TRX_order") == []
    order = world.transaction("TRX_order")
    assert (order.note, order.order) == (None, None)


def test_the_account_of_another_user_is_not_unlinked(world: World) -> None:
    with pytest.raises(NotFound):
        world.unlink("a", user="user-2")
    assert world.stored_holdings("a")


def test_an_account_that_was_never_linked_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.unlink("unknown")


def test_another_account_of_the_user_keeps_everything(world: World) -> None:
    world.link("b")
    world.unlink("a")

    assert world.stored_holdings("b")


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_repeat_finishes_what_a_crash_left(world: World, nth: int) -> None:
    writes = []

    def die_at(operation: str, _request: object) -> None:
        writes.extend([operation] if operation not in ("get_item", "query") else [])
        if len(writes) == nth:
            raise Crash

    world.client.before_call = die_at
    try:
        world.unlink("a")
    except Crash:
        world.client.before_call = None
        world.unlink("a")

    assert left_of(world) == {"RECEIPT FIRST"}
    assert world.batches.of("TRX_order") == []
    assert world.transaction("TRX_order").note is None


def test_a_new_link_keeps_what_it_imports(world: World) -> None:
    world.unlink("a")
    world.now += MINUTE
    world.link_with(world.begin_transaction("TRX_new"), "a")
    world.pull("a")

    assert world.stored_holdings("a")


def test_what_the_table_does_not_take_now_is_erased_later(world: World) -> None:
    """The ownership has ended, which is what was asked for."""

    def away(operation: str, _request: object) -> None:
        if operation == "batch_write_item":
            raise StoreUnavailable

    world.client.before_call = away
    world.unlink("a")
    world.client.before_call = None

    assert world.connections.find("a") is None
    world.finish_erasures()
    assert left_of(world) == {"RECEIPT FIRST"}
