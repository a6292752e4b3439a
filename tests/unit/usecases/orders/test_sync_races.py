"""Workers that die, and workers at once, lose no step of an order and take none back."""

from typing import Any

import pytest

from gateway_backend.contracts.events.details import OrderUpdated
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.transactions.sync import sync_if_open
from testing.fakes import BATCH_WRITES, Crash
from testing.market_times import FRIDAY_WINDOW, HOUR, MINUTE
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    DUE,
    DUE_FOR_LOGIN,
    FRESH,
    PART,
    PLACED,
    freshness,
    pull,
    schedule,
    state,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def dying_at(world: World, nth_write: int) -> None:
    left = nth_write

    def crash(operation: str, _request: dict[str, Any]) -> None:
        nonlocal left
        left -= operation not in ("get_item", "query")
        if left < 0:
            raise Crash

    world.client.before_call = crash


@pytest.mark.parametrize("broker", ["kite", "groww"])
def test_dying_at_any_write_and_trying_again_ends_the_same(broker: str) -> None:
    expected = FRESH if broker == "kite" else DUE_FOR_LOGIN
    for nth_write in range(20):
        world = with_account(broker)
        events = world.record_events()
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
        world.set_holdings(ACCOUNT, 0, 1, 2, 3, 4)
        dying_at(world, nth_write)
        try:
            pull(world)
        except Crash:
            died = True
        else:
            died = False
        world.client.before_call = lambda _operation, _request: None

        assert pull(world).is_settled
        assert state(world) == ("COMPLETED", 10, 1)
        assert [event.revision for event in events if isinstance(event, OrderUpdated)] == [1]
        # Once the fill is known nothing fetches the holdings at once: they are due, and the next refresh has them.
        assert freshness(world) in (expected, DUE if died and broker == "kite" else expected)
        world.now = FRIDAY_WINDOW
        world.refresh(ACCOUNT)
        assert broker != "kite" or world.stored_holdings(ACCOUNT) == dict.fromkeys(range(5), 10)
        if not died:
            return
    pytest.fail("there are more writes than were tried")


def test_dying_at_any_write_loses_no_order_in_somebody_elses_account() -> None:
    """Nobody reads it any more: only the schedule asks."""
    for nth_write in range(20):
        world = with_account("groww")
        world.begin_order("TRX_2", user="user-2")
        world.report_order("TRX_2", ACCOUNT, Status.PROCESSING, PART)
        world.now += 3 * MINUTE
        dying_at(world, nth_write)
        try:
            schedule(world)
        except Crash:
            died = True
        else:
            died = False
        world.client.before_call = lambda _operation, _request: None
        world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, COMPLETED)
        world.now += HOUR
        schedule(world)

        assert state(world, "TRX_2")[:2] == ("COMPLETED", 10), f"after dying at write {nth_write}"
        if not died:
            return
    pytest.fail("there are more writes than were tried")


def test_two_workers_at_once_tell_every_step_once_and_in_order(world: World) -> None:
    events = world.record_events()
    for reported in (PLACED, PART, COMPLETED):
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, reported)
        other = world.transactions.owned("TRX_1", "user-1")

        def meanwhile(operation: str, _request: dict[str, Any], other: Transaction = other) -> None:
            if operation in BATCH_WRITES:
                world.client.before_call = lambda _operation, _request: None
                sync_if_open(other, world.sync_context)

        world.client.before_call = meanwhile
        pull(world)

    assert [event.revision for event in events if isinstance(event, OrderUpdated)] == [1, 2, 3]
    assert state(world) == ("COMPLETED", 10, 3)


def test_an_older_answer_that_was_slow_takes_nothing_back(world: World) -> None:
    """Gateway made its answer before the fill, and we see it after another worker has stored the fill."""
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    slow = world.transactions.owned("TRX_1", "user-1")

    def meanwhile() -> None:
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
        sync_if_open(world.transactions.owned("TRX_1", "user-1"), world.sync_context)
        world.gateway.orders["TRX_1"] = [PLACED]

    world.gateway.before_reply = meanwhile
    sync_if_open(slow, world.sync_context)

    assert state(world) == ("COMPLETED", 10, 1)
    assert world.transactions.owned("TRX_1", "user-1").status is Status.COMPLETED
