"""An order from before an unlinking, whose account the same user has linked again: consent was withdrawn from it."""

import pytest

from gateway_backend.domain.connections.freshness import State
from gateway_backend.domain.shared.errors import ConnectionWithdrawn
from gateway_backend.domain.transactions.report import Status
from testing.market_times import HOUR
from testing.order_world import ACCOUNT, COMPLETED, PLACED, freshness, pull, schedule, with_account
from testing.world import World


@pytest.fixture
def world() -> World:
    """The order is open; its account was unlinked and is linked again."""
    world = with_account("groww")
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    pull(world)
    world.now += HOUR
    world.unlink(ACCOUNT)
    world.now += HOUR
    world.link_with(world.begin_transaction("TRX_new"), ACCOUNT, "groww")
    world.pull(ACCOUNT)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    return world


def test_it_does_not_mark_the_new_holdings_as_overtaken(world: World) -> None:
    for _ in range(3):
        pull(world)
        schedule(world)

    assert world.connection(ACCOUNT).traded_at is None
    assert freshness(world)[0] is State.FRESH


def test_it_comes_to_an_end(world: World) -> None:
    ended = pull(world)

    assert ended.is_settled
    assert ended.link_refusal == ConnectionWithdrawn.code
    assert ended.next_check_at is None


def test_nothing_of_it_is_recorded(world: World) -> None:
    pull(world)

    assert world.batches.of("TRX_1") == []
    assert world.batches.count("user-1") == 0
