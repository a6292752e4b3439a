"""An order that turns up after its transaction has ended is followed to its end."""

from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.transactions.report import Status
from testing.market_times import HOUR
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    PLACED,
    order_webhook,
    pull,
    schedule,
    schedule_for,
    state,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def test_an_order_that_turns_up_after_its_transaction_had_ended_is_followed_to_its_end(world: World) -> None:
    world.gateway.transactions["TRX_1"] = {"status": "USED"}
    assert pull(world, after=HOUR).status is Status.EXPIRED
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    world.apply_receipt(world.receive_webhook(order_webhook(PLACED)))
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    for _ in range(3):
        world.now += 7 * HOUR
        schedule(world)

    assert state(world)[:2] == ("COMPLETED", 10)


CLOSED = {"value": True, "code": 1012, "message": "user_cancelled"}


def test_an_order_that_was_sent_though_the_user_closed_the_window_is_found_by_the_schedule_alone(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=CLOSED)
    schedule_for(world, HOUR)
    assert world.batches.of("TRX_1") == []

    for reported in (PLACED, COMPLETED):
        world.gateway.orders["TRX_1"] = [reported]
        schedule_for(world, 3 * HOUR)

    assert state(world) == ("COMPLETED", 10, 2)
    assert world.transactions.owned("TRX_1", "user-1").is_settled


def test_an_order_that_turns_up_while_another_worker_settles_the_transaction_is_recorded(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=CLOSED)

    def meanwhile(_operation: str, request: dict[str, Any]) -> None:
        if "SET #stored" in request.get("UpdateExpression", ""):
            world.client.before_call = lambda _operation, _request: None
            world.gateway.orders["TRX_1"] = [PLACED]
            pull(world)

    world.client.before_call = meanwhile
    pull(world)

    assert state(world) == ("PLACED", 0, 1)
    assert not world.transactions.owned("TRX_1", "user-1").is_settled


def test_after_a_day_no_order_is_expected_any_more(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=CLOSED)
    schedule_for(world, timedelta(hours=30))
    calls = world.calls_for("TRX_1")
    schedule_for(world, timedelta(hours=30))

    assert world.calls_for("TRX_1") == calls


def test_nobody_is_invited_to_begin_again_what_has_been_sent(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=CLOSED)
    assert TransactionView.of(pull(world)).error is not None

    world.gateway.orders["TRX_1"] = [PLACED]
    schedule_for(world, 3 * HOUR)
    assert TransactionView.of(world.transactions.owned("TRX_1", "user-1")).error is None
