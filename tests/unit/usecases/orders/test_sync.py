"""Orders are followed to their end by what Gateway answers when asked, whatever webhooks claim."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.contracts.events.details import OrderUpdated, TransactionFinished
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.connections.freshness import Reason, State
from gateway_backend.domain.connections.records import PendingAction
from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.shared.errors import Action, GatewayKeysRefused, GatewayUnavailable, NotFound, NotYet
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import GRACE, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.holdings.read_mutual_funds import read_mutual_funds
from gateway_backend.usecases.transactions.read import read_order
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from gateway_backend.usecases.transactions.sync import sync_if_open
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.contexts import CALENDAR
from testing.fakes import BATCH_WRITES, Crash
from testing.gateway import orders_of
from testing.market_times import FRIDAY_NOON, FRIDAY_WINDOW, HOUR, MINUTE
from testing.world import World

ACCOUNT, ISCID, SCID = "account-1", "5d94bc5b3a2c2f1d0a7e6b31", "SCNM_0003"
ORDER_PENDING = {"value": True, "code": 4006, "message": "order_pending"}


def stock(status: str = "PLACED", filled: int = 0, ticker: str = "AXISBANK", **more: Any) -> dict[str, Any]:
    said = {"tradingsymbol": ticker, "transactionType": "BUY", "status": status, "quantity": 10}
    return said | {"filledQuantity": filled, "averagePrice": 420.1 if status == "COMPLETE" else None} | more


def batch(status: str = "PLACED", *stocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"batchId": "batch-1", "status": status, "quantity": 1, "orders": list(stocks or [stock()])} | more


PLACED, PART = batch(), batch("PLACED", stock(filled=4))
COMPLETED = batch("COMPLETED", stock("COMPLETE", 10), buyAmount=4201, sellAmount=0)
REJECTED = batch("UNFILLED", stock("REJECTED", errorCode="marginsExceeded", statusMessage="RMS: XQ1234"))


def with_account(broker: str) -> World:
    """On Friday at noon a user with a linked account has begun an order; its holdings are of that morning."""
    world = World()
    world.now = FRIDAY_NOON
    world.link(ACCOUNT, broker=broker)
    world.begin_order("TRX_1")
    return world


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def pull(world: World, transaction_id: str = "TRX_1", after: timedelta = MINUTE) -> Transaction:
    """The app reads it, a little later."""
    world.now += after
    return sync_if_open(world.transactions.owned(transaction_id, "user-1"), world.sync_context)


def known(world: World, transaction_id: str = "TRX_1") -> RecordedBatch:
    (found,) = world.batches.of(transaction_id)
    return found


def state(world: World, transaction_id: str = "TRX_1") -> tuple[str, int, int]:
    """The batch's status, the shares filled, and how many steps that took."""
    found = known(world, transaction_id)
    return found.batch.status.value, found.batch.shares_filled, found.revision


def freshness(world: World) -> tuple[State, Reason, Action]:
    verdict = world.connection(ACCOUNT).verdict(world.now, CALENDAR)
    return verdict.state, verdict.reason, verdict.action


FRESH = (State.FRESH, Reason.UP_TO_DATE, Action.NONE)
DUE_FOR_LOGIN = (State.DUE, Reason.TRADED_SINCE, Action.RECONNECT)
DUE = (State.DUE, Reason.TRADED_SINCE, Action.REFRESH)


# From placed to its end ------------------------------------------------------------------------


def test_an_order_is_followed_from_placed_to_filled(world: World) -> None:
    steps = []
    for status, said in ((Status.PROCESSING, PLACED), (Status.PROCESSING, PART), (Status.COMPLETED, COMPLETED)):
        world.report_order("TRX_1", ACCOUNT, status, said)
        steps.append((pull(world).is_settled, *state(world)))

    assert steps == [(False, "PLACED", 0, 1), (False, "PLACED", 4, 2), (True, "COMPLETED", 10, 3)]


def test_each_step_is_told_once_and_the_end_only_when_the_order_is_stored(world: World) -> None:
    told = world.record_events()
    for said in (PLACED, PLACED, PART, PART, COMPLETED, COMPLETED):
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, said)
        pull(world)

    steps = [event for event in told if isinstance(event, OrderUpdated)]
    assert [(step.revision, step.status, step.final) for step in steps] == [
        (1, BatchStatus.PLACED, False),
        (2, BatchStatus.PLACED, False),
        (3, BatchStatus.COMPLETED, True),
    ]
    assert isinstance(told[-1], TransactionFinished)
    assert sum(isinstance(event, TransactionFinished) for event in told) == 1


def test_what_came_back_is_the_truth_and_not_what_was_asked(world: World) -> None:
    edited = batch("PLACED", stock(ticker="HDFCBANK", transactionType="SELL", quantity=3))
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, edited)
    pull(world)

    (order,) = known(world).batch.orders
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
    brought = {"data": {"batches": [COMPLETED], "scid": SCID, "iscid": ISCID, "name": "Magic"}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": brought}

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

    assert known(world).batch.orders[0].quantity == 10
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


# Whose account it is ---------------------------------------------------------------------------


def test_an_order_in_somebody_elses_account_is_followed_and_the_account_not_linked(world: World) -> None:
    world.begin_order("TRX_2", user="user-2")
    world.report_order("TRX_2", ACCOUNT, Status.PROCESSING, PART)
    world.now += MINUTE
    transaction = sync_if_open(world.transactions.owned("TRX_2", "user-2"), world.sync_context)
    assert (transaction.link_refusal, transaction.is_settled) == ("ACCOUNT_OF_ANOTHER_USER", False)

    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, COMPLETED)
    world.now += MINUTE
    transaction = sync_if_open(world.transactions.owned("TRX_2", "user-2"), world.sync_context)

    assert transaction.is_settled
    assert (state(world, "TRX_2"), known(world, "TRX_2").owner) == (("COMPLETED", 10, 2), "user-2")
    assert (world.connection(ACCOUNT).owner, world.connection(ACCOUNT).traded_at) == ("user-1", None)


def test_an_order_placed_after_the_consent_was_taken_back_is_not_followed(world: World) -> None:
    world.now += MINUTE
    unlink(world)
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    transaction = pull(world)

    assert (transaction.link_refusal, transaction.is_settled) == ("CONNECTION_WITHDRAWN", True)
    assert world.batches.of("TRX_1") == []


def unlink(world: World) -> None:
    world.unlink(ACCOUNT, "user-1")


def test_unlinking_forgets_the_orders_and_late_news_does_not_bring_them_back(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    read_before = pull(world)
    world.now += MINUTE
    unlink(world)
    told = world.record_events()
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    sync_if_open(read_before, world.sync_context)

    assert world.batches.of("TRX_1") == []
    assert not any(isinstance(event, OrderUpdated) for event in told)
    assert world.transactions.owned("TRX_1", "user-1").order is None


# The holdings follow the fills -----------------------------------------------------------------


def test_where_no_login_is_needed_the_holdings_are_fetched_at_once() -> None:
    world = with_account("kite")
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    world.set_holdings(ACCOUNT, 0, 1, 2, 3, 4)
    pull(world)

    assert world.stored_holdings(ACCOUNT) == dict.fromkeys(range(5), 10)
    assert freshness(world) == FRESH


def test_where_a_login_is_needed_the_holdings_are_due(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    calls = world.calls_for(ACCOUNT)
    pull(world)

    assert freshness(world) == DUE_FOR_LOGIN
    assert world.calls_for(ACCOUNT) == calls


@pytest.mark.parametrize("said", [PLACED, REJECTED], ids=["placed", "rejected"])
@pytest.mark.parametrize("broker", ["kite", "groww"])
def test_without_a_fill_the_holdings_are_as_good_as_before(broker: str, said: dict[str, Any]) -> None:
    world = with_account(broker)
    calls = world.calls_for(ACCOUNT)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, said)
    pull(world)

    assert freshness(world) == FRESH
    assert world.calls_for(ACCOUNT) == calls


def test_a_fill_from_before_the_account_was_named_is_one_of_its_fills(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    del world.gateway.transactions["TRX_1"]["smallcaseAuthId"]
    pull(world)
    assert freshness(world) == FRESH

    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    pull(world)
    assert freshness(world) == DUE_FOR_LOGIN


def test_only_a_further_fill_fetches_the_holdings_again() -> None:
    world = with_account("kite")
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    pull(world)
    calls = world.calls_for(ACCOUNT)
    pull(world)
    assert world.calls_for(ACCOUNT) == calls

    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    assert world.calls_for(ACCOUNT) > calls


@pytest.mark.parametrize("fault", ["500", "timeout", "truncated", "400", "updating"])
def test_while_the_holdings_cannot_be_fetched_they_are_due_and_the_order_is_stored(fault: str) -> None:
    world = with_account("kite")
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    world.set_holdings(ACCOUNT, 0, 1, 2, 3, 4)
    world.fail_next(ACCOUNT, fault)

    assert pull(world).is_settled
    assert state(world) == ("COMPLETED", 10, 1)
    world.now += 20 * MINUTE
    assert freshness(world) == DUE
    world.now = FRIDAY_WINDOW
    world.refresh(ACCOUNT)
    assert freshness(world) == FRESH


def test_a_session_that_is_over_asks_for_a_login_and_is_not_tried() -> None:
    world = with_account("kite")
    world.end_session(ACCOUNT)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    calls = world.calls_for(ACCOUNT)
    pull(world)

    assert world.calls_for(ACCOUNT) == calls
    assert freshness(world) == (State.DUE, Reason.LOGIN_NEEDED, Action.RECONNECT)


@pytest.mark.parametrize("broker", ["kite", "groww"])
def test_a_first_order_links_the_account_without_holdings(broker: str) -> None:
    world = World()
    world.begin_order("TRX_1")
    world.report_order("TRX_1", "new-account", Status.COMPLETED, COMPLETED, broker=broker)

    assert pull(world).is_settled
    assert world.calls_for("new-account") == 0, "the user has consented to an order, not to an import"
    assert (world.connection("new-account").owner, world.connection("new-account").as_of) == ("user-1", None)
    assert known(world).account_id == "new-account"


# Workers that die, and workers at once ---------------------------------------------------------


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
        told = world.record_events()
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
        assert [event.revision for event in told if isinstance(event, OrderUpdated)] == [1]
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


def schedule(world: World) -> None:
    reconcile_transactions(world.reconcile_context)  # fmt: skip


def test_two_workers_at_once_tell_every_step_once_and_in_order(world: World) -> None:
    told = world.record_events()
    for said in (PLACED, PART, COMPLETED):
        world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, said)
        other = world.transactions.owned("TRX_1", "user-1")

        def meanwhile(operation: str, _request: dict[str, Any], other: Transaction = other) -> None:
            if operation in BATCH_WRITES:
                world.client.before_call = lambda _operation, _request: None
                sync_if_open(other, world.sync_context)

        world.client.before_call = meanwhile
        pull(world)

    assert [event.revision for event in told if isinstance(event, OrderUpdated)] == [1, 2, 3]
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


# Cancelling ------------------------------------------------------------------------------------


def test_a_cancellation_that_completed_brings_the_order_forward(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    pull(world)
    about = OrderRequest(batch_id="batch-1", ticker="AXISBANK", about="TRX_1")
    world.begin_transaction("TRX_2", intent=Intent.CANCEL_ORDER, order=about, requested_account_id=ACCOUNT)
    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED)
    world.gateway.orders["TRX_1"] = [batch("PARTIALLYFILLED", stock("CANCELLED", filled=4))]

    assert pull(world, "TRX_2").is_settled
    assert state(world) == ("PARTIALLYFILLED", 4, 2)


@pytest.mark.parametrize(("status", "asked"), [(Status.ERRORED, 1), (Status.PROCESSING, 0)])
def test_a_cancellation_asks_about_its_order_when_it_has_ended_well_or_not(
    world: World, status: Status, asked: int
) -> None:
    """A failed one may have lost against a fill."""
    about = OrderRequest(batch_id="batch-1", ticker="AXISBANK", about="TRX_1")
    world.begin_transaction("TRX_2", intent=Intent.CANCEL_ORDER, order=about)
    world.report_order("TRX_2", ACCOUNT, status)
    pull(world, "TRX_2")

    assert world.calls_for(orders_of("TRX_1")) == asked


# Order webhooks --------------------------------------------------------------------------------


def hook(said: dict[str, Any], transaction_id: str = "TRX_1", account: str = ACCOUNT) -> dict[str, Any]:
    return said | {"transactionId": transaction_id, "smallcaseAuthId": account, "broker": "groww", "unplaced": []}


def test_a_webhook_that_gateway_bears_out_is_confirmed(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(world.receive_webhook(hook(COMPLETED))) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 1)


def test_the_same_webhook_again_has_no_effect(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    first, told = world.receive_webhook(hook(PART)), world.record_events()
    for _ in range(3):
        world.apply_receipt(first)
    later = world.receive_webhook(hook(PART), timestamp="2026-11-20T06:31:00.000Z")

    assert world.apply_receipt(later) == ("APPLIED", "CONFIRMED")
    assert sum(isinstance(event, OrderUpdated) for event in told) == 1


FORGED = {
    "further on": COMPLETED,
    "more shares": batch("PLACED", stock(filled=9)),
    "another end": batch("CANCELLED", stock("CANCELLED", filled=4)),
    "another stock": batch("PLACED", stock(ticker="HDFCBANK")),
    "another batch": batch("PLACED", batchId="batch-9"),
    "one more": batch("PLACED", stock(filled=4), stock(ticker="HDFCBANK")),
    "nothing": PART | {"orderBatches": []},
}


@pytest.mark.parametrize("said", FORGED.values(), ids=list(FORGED))
def test_a_forged_webhook_is_asked_about_three_times_and_then_quarantined(world: World, said: dict[str, Any]) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    forged = world.receive_webhook(hook(said))
    for attempt in range(1, ATTEMPTS_BEFORE_QUARANTINE):
        with pytest.raises(NotYet):
            world.apply_receipt(forged, attempt)

    assert world.apply_receipt(forged, ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "NOT_CONFIRMED")
    assert state(world) == ("PLACED", 4, 1)


def test_a_webhook_that_is_ahead_of_gateways_answers_is_confirmed_once_they_follow(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    early = world.receive_webhook(hook(COMPLETED))
    with pytest.raises(NotYet):
        world.apply_receipt(early, 1)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(early, 2) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 2)


@pytest.mark.parametrize(
    "lie", [{"buyAmount": 42010}, {"orders": [stock("COMPLETE", 10, averagePrice=1)]}, {"status": "PARTIALLYFILLED"}]
)
def test_a_forged_end_is_quarantined_and_what_gateway_says_is_kept(world: World, lie: dict[str, Any]) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(world.receive_webhook(hook(COMPLETED | lie)), ATTEMPTS_BEFORE_QUARANTINE) == (
        "QUARANTINED",
        "NOT_CONFIRMED",
    )
    assert state(world) == ("COMPLETED", 10, 1)
    assert known(world).batch.buy_amount == 4201


def test_placed_after_completed_is_confirmed_and_changes_nothing(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    told = world.record_events()

    assert world.apply_receipt(world.receive_webhook(hook(PLACED))) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 1)
    assert told == []


def test_a_webhook_about_a_transaction_that_is_not_ours_is_quarantined(world: World) -> None:
    assert world.apply_receipt(world.receive_webhook(hook(COMPLETED, "TRX_9"))) == (
        "QUARANTINED",
        "UNKNOWN_TRANSACTION",
    )
    assert world.batches.of("TRX_9") == []


def test_an_order_of_a_transaction_that_places_none_is_quarantined(world: World) -> None:
    world.begin_transaction("TRX_2")

    assert world.apply_receipt(world.receive_webhook(hook(COMPLETED, "TRX_2"))) == ("QUARANTINED", "INTENT_MISMATCH")
    assert world.batches.of("TRX_2") == []


def test_a_webhook_for_another_account_is_quarantined(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    forged = world.receive_webhook(hook(COMPLETED, account="account-9"))
    assert world.apply_receipt(forged) == ("QUARANTINED", "ACCOUNT_MISMATCH")


@pytest.mark.parametrize("lie", [{"batchId": ""}, {"batchId": ["b"]}, {"batchId": "b" * 200}])
def test_a_batch_that_cannot_be_read_is_quarantined(world: World, lie: dict[str, Any]) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)

    assert world.apply_receipt(world.receive_webhook(hook(PART | lie))) == ("QUARANTINED", "BATCH_UNREADABLE")
    assert state(world) == ("PLACED", 4, 1)


def test_while_gateway_is_away_a_webhook_waits(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    waiting = world.receive_webhook(hook(COMPLETED))
    for subject in ("TRX_1", orders_of("TRX_1")):
        world.fail_next(subject, "500")
        with pytest.raises(GatewayUnavailable):
            world.apply_receipt(waiting)

    assert world.apply_receipt(waiting) == ("APPLIED", "CONFIRMED")


def test_a_webhook_of_an_order_in_somebody_elses_account_is_quarantined_and_the_order_followed(world: World) -> None:
    world.begin_order("TRX_2", user="user-2")
    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(world.receive_webhook(hook(COMPLETED, "TRX_2"))) == (
        "QUARANTINED",
        "ACCOUNT_OF_ANOTHER_USER",
    )
    assert state(world, "TRX_2") == ("COMPLETED", 10, 1)


# Mutual funds ----------------------------------------------------------------------------------

STATEMENT = {
    "summary": [{"scheme": "Flexi Cap", "folio": "123/45", "isin": "INF879O01027", "units": 101.0000000000000007}],
    "investor": {"name": "Asha Rao", "address": "12 MG Road"},
    "pan": "ABCPE1234F",
    "email": "asha@example.com",
    "transactions": [{"scheme": "Flexi Cap", "mobile": "9876543210", "amount": -36.65253999999927}],
    "linked": ["ABCPE1234F", "asha@example.com", "Flexi Cap"],
}
PERSONAL = ("ABCPE1234F", "asha@example.com", "9876543210", "Asha", "MG Road")


@pytest.fixture
def importing(world: World) -> World:
    """TRX_2 imports mutual funds, and Gateway is at it."""
    world.begin_transaction("TRX_2", intent=Intent.MF_HOLDINGS_IMPORT)
    world.gateway.transactions["TRX_2"] = {"status": "PROCESSING"}
    return world


def statement(world: World, data: Any = STATEMENT, **more: Any) -> Any:
    return world.receive_webhook({"transactionId": "TRX_2", "data": data, "notes": "x"} | more)


def served(world: World) -> str:
    return read_mutual_funds("TRX_2", user="user-1", transactions=world.transactions, mutual_funds=world.mutual_funds)


def test_a_statement_is_kept_without_what_it_says_of_the_investor(importing: World) -> None:
    assert importing.apply_receipt(statement(importing)) == ("APPLIED", "KEPT")

    (fund,) = exact_json.loads(served(importing))["data"]["summary"]
    assert (fund["scheme"], fund["folio"]) == ("Flexi Cap", "123/45")
    assert not any(secret in served(importing) for secret in PERSONAL)
    transaction = importing.transactions.owned("TRX_2", "user-1")
    assert (transaction.status, transaction.is_settled) == (Status.COMPLETED, True)


def test_a_statement_keeps_its_digits(importing: World) -> None:
    digits = '{"units":101.0000000000000007,"amount":-36.65253999999927,"nav":12.50}'
    raw = importing.signed_webhook({"transactionId": "TRX_2", "data": 1}).replace(
        b'"data": 1', b'"data": ' + digits.encode()
    )
    importing.apply_receipt(importing.receive_raw(raw))

    assert f'"data":{digits}' in served(importing)


def test_the_webhook_that_brought_it_is_forgotten(importing: World) -> None:
    key = statement(importing)
    importing.apply_receipt(key)

    with pytest.raises(LookupError):
        importing.receipts.body(key)


def test_a_second_statement_does_not_replace_the_first(importing: World) -> None:
    importing.apply_receipt(statement(importing))
    first = served(importing)
    forged = statement(importing, data={"summary": []}, timestamp="2026-11-20T06:31:00.000Z")

    assert importing.apply_receipt(forged) == ("QUARANTINED", "MUTUAL_FUNDS_KEPT_ALREADY")
    assert served(importing) == first
    with pytest.raises(LookupError):
        importing.receipts.body(forged)


def test_the_same_statement_again_is_harmless(importing: World) -> None:
    importing.apply_receipt(statement(importing))
    again = statement(importing, timestamp="2026-11-20T06:31:00.000Z")

    assert importing.apply_receipt(again) == ("APPLIED", "KEPT")


def test_a_statement_of_another_kind_of_transaction_is_quarantined(world: World) -> None:
    for transaction_id, reason in (("TRX_1", "INTENT_MISMATCH"), ("TRX_9", "UNKNOWN_TRANSACTION")):
        key = world.receive_webhook({"transactionId": transaction_id, "data": STATEMENT})
        assert world.apply_receipt(key) == ("QUARANTINED", reason)
        with pytest.raises(LookupError):
            world.receipts.body(key)


@pytest.mark.parametrize("status", [Status.ERRORED, Status.CANCELLED])
def test_a_statement_of_an_import_that_failed_is_quarantined(importing: World, status: Status) -> None:
    importing.gateway.transactions["TRX_2"] = {"status": status}

    assert importing.apply_receipt(statement(importing)) == ("QUARANTINED", "NOT_CONFIRMED")
    assert importing.mutual_funds.find("TRX_2") is None


def test_a_statement_of_an_import_that_has_not_begun_waits(importing: World) -> None:
    importing.gateway.transactions["TRX_2"] = {"status": "INITIALIZED"}
    key = statement(importing)
    for attempt in range(1, ATTEMPTS_BEFORE_QUARANTINE):
        with pytest.raises(NotYet):
            importing.apply_receipt(key, attempt)

    assert importing.apply_receipt(key, ATTEMPTS_BEFORE_QUARANTINE) == ("APPLIED", "KEPT")


def test_an_import_that_brought_its_statement_after_all_has_not_failed(importing: World) -> None:
    closed = {"value": True, "code": 1012, "message": "user_cancelled"}
    importing.gateway.transactions["TRX_2"] = {"status": "USED", "error": closed}
    pull(importing, "TRX_2")
    importing.apply_receipt(statement(importing))

    transaction = importing.transactions.owned("TRX_2", "user-1")
    assert (transaction.status, transaction.failure) == (Status.COMPLETED, None)


# Pending actions -------------------------------------------------------------------------------


def pending(world: World, iscid: Any = ISCID, attempt: int = 1, **more: Any) -> tuple[str | None, str | None]:
    return world.apply_receipt(
        world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": iscid, "action": "SELL_EVERYTHING"} | more), attempt
    )


def recommended(world: World, action: str | None = "REBALANCE", iscid: str = ISCID) -> None:
    investment = {"iscid": iscid, "scid": SCID, "name": "Magic", "recommendedAction": action}
    world.gateway.investments[iscid] = {"investment": investment}


def actions(world: World) -> list[tuple[str, str]]:
    return [(one.iscid, one.action) for one in world.connection(ACCOUNT).pending_actions]


def test_a_pending_action_is_what_gateway_says_when_asked(world: World) -> None:
    recommended(world)

    assert pending(world) == ("APPLIED", "CONFIRMED")
    assert world.connection(ACCOUNT).pending_actions == (PendingAction(ISCID, "REBALANCE", world.now, SCID, "Magic"),)


def test_a_pending_action_is_told_once(world: World) -> None:
    told = world.record_events()
    recommended(world)
    for second in range(3):
        pending(world, timestamp=f"2026-11-20T06:30:0{second}.000Z")

    (event,) = told
    assert (type(event).__name__, json.loads(event.model_dump_json())["action"]) == ("ActionPending", "REBALANCE")


def test_another_action_replaces_the_one_before(world: World) -> None:
    recommended(world)
    pending(world)
    recommended(world, "REPAIR")
    world.now += HOUR
    pending(world)

    assert actions(world) == [(ISCID, "REPAIR")]


@pytest.mark.parametrize("nothing", [None, ""])
def test_where_nothing_is_pending_any_more_nothing_stays(world: World, nothing: str | None) -> None:
    recommended(world)
    pending(world)
    recommended(world, nothing)
    world.now += HOUR

    assert pending(world) == ("APPLIED", "NOTHING_PENDING")
    assert actions(world) == []


def test_an_investment_that_gateway_does_not_know_is_quarantined(world: World) -> None:
    with pytest.raises(NotYet):
        pending(world)
    assert pending(world, attempt=ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "UNKNOWN_TO_GATEWAY")
    recommended(world, iscid="another")
    world.gateway.investments[ISCID] = world.gateway.investments["another"]
    world.now += HOUR
    assert pending(world, attempt=ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "UNKNOWN_TO_GATEWAY")
    assert actions(world) == []


@pytest.mark.parametrize("iscid", [None, 5, "", "a b", "x" * 65, ["a"], "a/b"])
def test_what_cannot_name_an_investment_is_quarantined(world: World, iscid: Any) -> None:
    assert pending(world, iscid) == ("QUARANTINED", "ISCID_UNREADABLE")


def test_an_action_for_an_account_that_is_not_linked_is_quarantined(world: World) -> None:
    recommended(world)

    assert pending(world, smallcaseAuthId="account-9") == ("QUARANTINED", "UNKNOWN_ACCOUNT")


def test_where_gateway_does_not_let_us_ask_nothing_is_noted(world: World) -> None:
    recommended(world)
    world.fail_next(ISCID, "403")
    assert pending(world) == ("APPLIED", "NEEDS_LOGIN")

    world.now += HOUR
    world.gateway.permanent_fault = "403"
    with pytest.raises(GatewayKeysRefused):
        pending(world)
    assert actions(world) == []


def test_while_gateway_is_away_a_pending_action_waits(world: World) -> None:
    recommended(world)
    world.fail_next(ISCID, "500")

    with pytest.raises(GatewayUnavailable):
        pending(world)


def test_two_actions_at_once_are_both_kept(world: World) -> None:
    recommended(world)
    recommended(world, "SIP", iscid="another")
    first = world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": ISCID})
    world.now += MINUTE
    second = world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": "another"})

    def meanwhile(_operation: str, request: dict[str, Any]) -> None:
        if request.get("UpdateExpression", "").startswith("SET #pendingActions"):
            world.client.before_call = lambda _operation, _request: None
            world.apply_receipt(second)

    world.client.before_call = meanwhile
    world.apply_receipt(first)

    assert sorted(actions(world)) == [(ISCID, "REBALANCE"), ("another", "SIP")]


@pytest.mark.parametrize(
    ("still", "left"),
    [(None, [("another", "SIP")]), ("REPAIR", [("another", "SIP"), (ISCID, "REPAIR")])],
    ids=["done", "something else now"],
)
def test_after_an_order_for_an_investment_its_recommendation_is_asked_for_again(
    world: World, still: str | None, left: list[tuple[str, str]]
) -> None:
    recommended(world)
    recommended(world, "SIP", iscid="another")
    pending(world)
    pending(world, "another", timestamp="2026-11-20T06:30:01.000Z")
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    brought = {"data": {"batches": [COMPLETED]}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": brought}
    recommended(world, still)

    assert pull(world, "TRX_2").is_settled
    assert sorted(actions(world), reverse=True) == left


@pytest.mark.parametrize("fault", ["500", "400", "403", "timeout", "garbage"])
def test_an_order_has_ended_also_when_its_recommendation_cannot_be_asked_for(world: World, fault: str) -> None:
    recommended(world)
    pending(world)
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    brought = {"data": {"batches": [COMPLETED]}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": brought}
    world.fail_next(ISCID, fault)

    assert pull(world, "TRX_2").is_settled
    assert actions(world) == [(ISCID, "REBALANCE")]


def test_trying_in_vain_clears_nothing(world: World) -> None:
    recommended(world)
    pending(world)
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    failed = {"status": "ERRORED", "smallcaseAuthId": ACCOUNT, "error": {"code": 4005, "message": "market_closed"}}
    world.gateway.transactions["TRX_2"] = failed
    assert pull(world, "TRX_2").is_settled

    assert actions(world) == [(ISCID, "REBALANCE")]


# After an end that was none --------------------------------------------------------------------


def test_an_order_that_turns_up_after_its_transaction_had_ended_is_followed_to_its_end(world: World) -> None:
    world.gateway.transactions["TRX_1"] = {"status": "USED"}
    assert pull(world, after=HOUR).status is Status.EXPIRED
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    world.apply_receipt(world.receive_webhook(hook(PLACED)))
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

    for said in (PLACED, COMPLETED):
        world.gateway.orders["TRX_1"] = [said]
        schedule_for(world, 3 * HOUR)

    assert state(world) == ("COMPLETED", 10, 2)
    assert world.transactions.owned("TRX_1", "user-1").is_settled


def test_an_order_that_turns_up_while_another_worker_calls_it_a_day_is_not_forgotten(world: World) -> None:
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
    asked = world.calls_for("TRX_1")
    schedule_for(world, timedelta(hours=30))

    assert world.calls_for("TRX_1") == asked


def test_nobody_is_told_to_begin_again_what_has_been_sent(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.ERRORED, error=CLOSED)
    assert TransactionView.of(pull(world)).error is not None

    world.gateway.orders["TRX_1"] = [PLACED]
    schedule_for(world, 3 * HOUR)
    assert TransactionView.of(world.transactions.owned("TRX_1", "user-1")).error is None


def schedule_for(world: World, duration: timedelta) -> None:
    until = world.now + duration
    while world.now < until:
        world.now += 30 * MINUTE
        schedule(world)


def test_holdings_from_after_a_fill_are_not_due_because_we_learn_of_it_late(world: World) -> None:
    filled_at = FRIDAY_NOON - HOUR
    late = COMPLETED | {"completedDate": times.to_text(filled_at)}
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, late)
    pull(world)

    assert world.connection(ACCOUNT).traded_at == filled_at
    assert freshness(world) == FRESH


def test_a_fill_of_long_ago_that_we_learn_of_last_makes_nothing_current(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    world.begin_order("TRX_2")
    long_ago = COMPLETED | {"batchId": "batch-2", "completedDate": times.to_text(FRIDAY_NOON - HOUR)}
    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, long_ago)
    pull(world, "TRX_2")

    assert freshness(world) == DUE_FOR_LOGIN


@pytest.mark.parametrize("date", ["tomorrow", "2036-11-20T10:00:00.000Z", None])
def test_a_fill_is_no_later_than_when_we_learn_of_it(world: World, date: str | None) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED | {"completedDate": date})
    pull(world)

    assert world.connection(ACCOUNT).traded_at == world.now
    assert freshness(world) == DUE_FOR_LOGIN
