"""The holdings follow the fills of an order: they are imported at once, or due."""

from typing import Any

import pytest

from gateway_backend.domain.connections.freshness import Reason, State
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.report import Status
from testing.market_times import FRIDAY_NOON, FRIDAY_WINDOW, HOUR, MINUTE
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    DUE,
    DUE_FOR_LOGIN,
    FRESH,
    PART,
    PLACED,
    REJECTED,
    freshness,
    pull,
    recorded_batch,
    state,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


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


@pytest.mark.parametrize("reported", [PLACED, REJECTED], ids=["placed", "rejected"])
@pytest.mark.parametrize("broker", ["kite", "groww"])
def test_without_a_fill_the_holdings_are_as_good_as_before(broker: str, reported: dict[str, Any]) -> None:
    world = with_account(broker)
    calls = world.calls_for(ACCOUNT)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, reported)
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
    assert recorded_batch(world).account_id == "new-account"


def test_holdings_from_after_a_fill_are_not_due_because_we_learn_of_it_late(world: World) -> None:
    filled_at = world.now + MINUTE
    world.now += HOUR
    world.pull(ACCOUNT)
    late = COMPLETED | {"completedDate": times.to_text(filled_at)}
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, late)
    pull(world)

    assert world.connection(ACCOUNT).traded_at == filled_at
    assert freshness(world) == FRESH


def test_a_fill_that_is_dated_before_its_order_makes_the_holdings_due(world: World) -> None:
    dated_too_early = COMPLETED | {"completedDate": times.to_text(FRIDAY_NOON - HOUR)}
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, dated_too_early)
    pull(world)

    assert world.connection(ACCOUNT).traded_at == world.now
    assert freshness(world) == DUE_FOR_LOGIN


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
