"""The schedule goes on with every erasure that is due, one beside the other."""

import pytest

from gateway_backend.domain.erasure.erasure import OVERDUE_AFTER, WORKERS_END_AFTER, request_erasure
from gateway_backend.domain.shared.errors import StoreUnavailable
from testing.market_times import MINUTE, SECOND
from testing.user_traces import kinds_of, leave_traces
from testing.world import World


@pytest.fixture
def world() -> World:
    """The request is recorded; then the worker died."""
    world = World()
    leave_traces(world)
    world.erasures.add(request_erasure("user-1", None, world.now))
    return world


def test_it_erases_and_later_proves(world: World) -> None:
    assert world.finish_erasures() == {"erasuresFinished": 0, "erasuresFailed": 0, "erasuresOverdue": 0}
    assert kinds_of(world, "SNAPSHOT") == set()

    world.now += WORKERS_END_AFTER
    assert world.finish_erasures()["erasuresFinished"] == 1


def test_what_is_not_due_is_left(world: World) -> None:
    world.finish_erasures()
    calls = world.memory.calls
    world.now += MINUTE
    world.finish_erasures()

    assert world.memory.calls - calls == 1, "the question what is due"


def test_one_that_fails_does_not_hold_up_the_others(world: World) -> None:
    world.link_with(world.begin_transaction("TRX_b", "user-2"), "b")
    world.erasures.add(request_erasure("user-2", None, world.now + SECOND))
    world.now += MINUTE
    world.client.fail_for("ACCOUNT#a", StoreUnavailable())

    assert world.finish_erasures()["erasuresFailed"] == 1
    assert world.connections.find("b") is None


def test_one_that_is_not_finished_in_a_day_is_counted(world: World) -> None:
    world.now += OVERDUE_AFTER + SECOND
    world.client.fail_for("ACCOUNT#a", StoreUnavailable())

    assert world.finish_erasures()["erasuresOverdue"] == 1
