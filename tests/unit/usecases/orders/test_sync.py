"""Orders are followed to their end by what Gateway answers when asked, whatever webhooks claim."""

from datetime import timedelta

import pytest

from gateway_backend.contracts.events.details import OrderUpdated, TransactionFinished
from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.report import GRACE, Status
from gateway_backend.usecases.transactions.read import read_order
from testing.gateway import orders_of
from testing.market_times import HOUR, MINUTE
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    ISCID,
    ORDER_PENDING,
    PART,
    PLACED,
    SCID,
    batch,
    pull,
    recorded_batch,
    schedule_for,
    state,
    stock,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def test_an_order_is_followed_from_placed_to_filled(world: World) -> None:
    steps = []
    for status, reported in ((Status.PROCESSING, PLACED), (Status.PROCESSING, PART), (Status.COMPLETED, COMPLETED)):
        world.report_order("TRX_1", ACCOUNT, status, reported)
        steps.append((pull(world).is_settled, *state(world)))

    assert steps == [(False, "PLACED", 0, 1), (False, "PLACED", 4, 2), (True, "COMPLETED", 10, 3)]


def test_each_step_is_published_once_and_the_end_only_when_the_order_is_stored(world: World) -> None:
    events = world.record_events()
    for reported in (PLACED, PLACED, PART, PART, COMPLETED, COMPLETED):
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, reported)
        pull(world)

    steps = [event for event in events if isinstance(event, OrderUpdated)]
    assert [(step.revision, step.status, step.final) for step in steps] == [
        (1, BatchStatus.PLACED, False),
        (2, BatchStatus.PLACED, False),
        (3, BatchStatus.COMPLETED, True),
    ]
    assert isinstance(events[-1], TransactionFinished)
    assert sum(isinstance(event, TransactionFinished) for event in events) == 1


def test_what_came_back_is_the_truth_and_not_what_was_asked(world: World) -> None:
    edited = batch("PLACED", stock(ticker="HDFCBANK", transactionType="SELL", quantity=3))
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, edited)
    pull(world)

    (order,) = recorded_batch(world).batch.orders
    assert (order.ticker, order.side, order.quantity) == ("HDFCBANK", "SELL", 3)


def test_an_order_that_changes_days_later_is_followed(world: World) -> None:
    amo = batch("PLACED", stock(), variety="amo")
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, amo)
    pull(world)
    cancelled = batch("CANCELLED", stock("CANCELLED AMO"), variety="amo")
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, cancelled)

    assert pull(world, after=timedelta(days=3)).is_settled
    assert state(world) == ("CANCELLED", 0, 2)


def test_several_batches_of_one_transaction_are_all_followed_to_their_end(world: World) -> None:
    second = batch("PLACED", stock(ticker="HDFCBANK"), batchId="batch-2")
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED, second)
    assert not pull(world).is_settled

    world.report_order(
        "TRX_1", ACCOUNT, Status.COMPLETED, batch("UNFILLED", stock("REJECTED", ticker="HDFCBANK"), batchId="batch-2")
    )
    assert pull(world).is_settled
    statuses = [found.batch.status for found in world.batches.of("TRX_1")]
    assert statuses == [BatchStatus.COMPLETED, BatchStatus.UNFILLED]


def test_an_order_that_gateway_lost_sight_of_lives_on(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, PLACED, error=ORDER_PENDING)
    transaction = pull(world)
    assert (transaction.status, transaction.is_settled) == (Status.ERRORED, False)

    world.gateway.orders["TRX_1"] = [COMPLETED]
    transaction = pull(world)
    assert transaction.is_settled
    assert (transaction.status, transaction.failure) == (Status.COMPLETED, None)
    assert state(world) == ("COMPLETED", 10, 2)


def test_an_order_that_gateway_lost_sight_of_is_waited_for(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=ORDER_PENDING)

    assert not pull(world).is_settled


def test_one_that_failed_before_the_login_is_looked_at_once(world: World) -> None:
    failed = {"value": True, "code": 1011, "message": "user_cancelled"}
    world.gateway.transactions["TRX_1"] = {"status": Status.ERRORED, "error": failed}

    assert pull(world).is_settled
    schedule_for(world, 5 * HOUR)
    assert world.calls_for(orders_of("TRX_1")) == 1
    assert world.batches.of("TRX_1") == []


@pytest.mark.parametrize(("fault", "settled"), [("500", False), ("403", False), ("garbage", False), ("400", True)])
def test_only_gateways_own_word_that_there_is_no_order_is_believed(world: World, fault: str, settled: bool) -> None:
    failed = {"value": True, "code": 1011, "message": "user_cancelled"}
    world.gateway.transactions["TRX_1"] = {"status": Status.ERRORED, "error": failed}
    world.fail_next(orders_of("TRX_1"), fault)

    assert pull(world).is_settled is settled
    assert pull(world).is_settled


def test_one_that_the_user_has_not_begun_is_not_asked_for_orders(world: World) -> None:
    assert not pull(world).is_settled
    assert world.calls_for(orders_of("TRX_1")) == 0


def test_a_completed_order_without_its_batch_stays_open(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED)
    assert not pull(world).is_settled

    world.gateway.orders["TRX_1"] = COMPLETED
    assert pull(world).is_settled


def test_one_that_gateway_calls_under_way_stays_open_though_its_order_has_ended(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, COMPLETED)

    assert not pull(world).is_settled


def test_a_completed_transaction_with_an_open_order_stays_open(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, PART)

    assert not pull(world).is_settled


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_one_that_was_left_expires(world: World, status: Status) -> None:
    world.gateway.transactions["TRX_1"] = {"status": status}
    transaction = pull(world, after=5 * MINUTE + GRACE)

    assert (transaction.status, transaction.is_settled) == (Status.EXPIRED, True)


def test_one_whose_order_was_sent_does_not_expire(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.USED, PLACED)
    transaction = pull(world, after=2 * HOUR)

    assert (transaction.status, transaction.is_settled, state(world)) == (Status.USED, False, ("PLACED", 0, 1))


def test_while_orders_cannot_be_read_the_transaction_stays_open(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    for fault in ("500", "timeout", "400", "403", "garbage", "truncated"):
        world.fail_next(orders_of("TRX_1"), fault)
        assert not pull(world).is_settled, fault

    assert pull(world).is_settled


def test_an_answer_that_is_no_batch_changes_nothing(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, PLACED)
    pull(world)
    world.gateway.orders["TRX_1"] = [batch("COMPLETED", stock("COMPLETE")) | {"batchId": ""}]

    assert not pull(world).is_settled
    assert state(world) == ("PLACED", 0, 1)


def test_a_smallcase_order_is_followed_by_what_its_transaction_says(world: World) -> None:
    order = OrderRequest("BUY", scid=SCID)
    world.begin_order("TRX_2", order=order)
    success = {"data": {"batches": [COMPLETED], "scid": SCID, "iscid": ISCID, "name": "Magic"}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": success}

    transaction = pull(world, "TRX_2")

    assert transaction.is_settled
    assert (transaction.outcome.iscid, transaction.outcome.scid) == (ISCID, SCID)
    assert state(world, "TRX_2") == ("COMPLETED", 10, 1)
    assert world.calls_for(orders_of("TRX_2")) == 0, "that route is for securities"


def test_where_two_answers_differ_the_pull_of_orders_counts_and_nothing_swings(world: World) -> None:
    other = {"data": {"batches": [batch("PLACED", stock(quantity=99))]}}
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED, success=other)
    for _ in range(3):
        pull(world)

    assert recorded_batch(world).batch.orders[0].quantity == 10
    assert state(world) == ("PLACED", 0, 1)


def test_where_the_pull_knows_nothing_the_transaction_is_believed(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, success={"data": {"batches": [PART]}})
    pull(world)

    assert state(world) == ("PLACED", 4, 1)


def test_an_order_is_read_by_its_user_only_and_asked_about_first(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    _, batches = read_order("TRX_1", user="user-1", context=world.sync_context)
    assert [found.batch.shares_filled for found in batches] == [4]

    with pytest.raises(NotFound):
        read_order("TRX_1", user="user-2", context=world.sync_context)
    with pytest.raises(NotFound):
        read_order(f"TRX_{ACCOUNT}", user="user-1", context=world.sync_context)
