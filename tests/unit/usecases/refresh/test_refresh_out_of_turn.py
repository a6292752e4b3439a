"""Refreshes that are overtaken, come out of turn, or meet a circuit that was open."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.usecases.refresh.page import refresh_page
from testing.market_times import (
    FRIDAY_CLOSE,
    FRIDAY_NOON,
    FRIDAY_WINDOW,
    HOUR,
    MINUTE,
    MONDAY_WINDOW,
    SECOND,
    THURSDAY_EVENING,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.link("a")
    world.now = FRIDAY_WINDOW
    world.gateway.calls.clear()
    return world


def circuit_open(world: World) -> None:
    world.open_circuit()


def failing_for(account_id: str, error: Exception) -> Any:
    def before(_operation: str, request: dict[str, Any]) -> None:
        if request.get("Key", {}).get("pk") == {"S": f"ACCOUNT#{account_id}"}:
            raise error

    return before


def test_a_bug_that_meets_the_probe_leaves_the_others(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bcd")
    world.now = FRIDAY_WINDOW
    circuit_open(world)
    world.now += MINUTE
    world.client.before_call = failing_for("a", KeyError("a bug"))

    assert world.refresh("a", "b", "c", "d", attempt=1) == {"refreshUnexpectedError": 1, "refreshed": 3}


def test_a_page_whose_close_is_still_to_come_waits_for_it(world: World) -> None:
    """A planner's clock ran ahead: its slots count as planned, so the page must not be used up."""
    world.pull("a")
    page = RefreshPage(FRIDAY_CLOSE + timedelta(days=3), ("a",))

    assert refresh_page(page, world.refresh_context) == {"refreshSkipped": 1}
    world.now = MONDAY_WINDOW
    (again,) = world.sqs.pages
    assert refresh_page(again, world.refresh_context) == {"refreshed": 1}


def test_a_403_that_was_overtaken_by_a_new_login_flags_nobody(world: World) -> None:
    def login() -> None:
        world.gateway.accounts["a"].is_forbidden = False
        transaction = world.begin_transaction("TRX_new")
        world.complete_login("TRX_new", "a")
        world.link_with(transaction, "a", "kite")
        world.pull("a")

    world.gateway.accounts["a"].is_forbidden = True
    world.gateway.before_reply = login
    world.refresh("a")

    assert world.connection("a").session.state is SessionState.ACTIVE


def test_one_who_waits_for_the_user_is_tried_after_an_outage_too(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.gateway.accounts["a"].session_is_live = True
    world.now = MONDAY_WINDOW
    circuit_open(world)
    assert world.refresh("a") == {"refreshSkipped": 1}

    world.now += MINUTE
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


def test_a_slow_snapshot_is_looked_at_until_it_comes_and_is_not_overdue() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.now = FRIDAY_WINDOW + 2 * HOUR
    world.fail_next("a", "unmoved")

    assert world.refresh("a", attempt=9) == {"refreshNoNewSnapshot": 1}
    assert [page.account_ids for page in world.sqs.pages] == [("a",)]


def test_a_page_that_has_nothing_to_ask_leaves_the_probe_to_others(world: World) -> None:
    world.pull("a")
    circuit_open(world)
    world.now += MINUTE
    world.refresh("a")

    assert world.circuits.find().pause == MINUTE


def test_a_gateway_that_fails_again_after_the_probe_is_spared_by_everybody(world: World) -> None:
    world.now = THURSDAY_EVENING
    ids = world.link_many(f"x{number:02}" for number in range(30))
    world.now = FRIDAY_WINDOW
    circuit_open(world)
    world.now += MINUTE
    for account_id in ids[1:]:
        world.fail_next(account_id, "500")

    world.refresh(*ids, attempt=1)
    assert world.circuit_is_open()


def pull_overtaken_by_a_whole_one(world: World) -> None:
    """While Gateway's answer is on its way, another pull, begun a second earlier, is stored."""

    def other() -> None:
        world.now -= SECOND
        world.pull("a")
        world.now += SECOND

    world.gateway.before_reply = other
    world.pull("a")


def test_half_a_portfolio_that_was_overtaken_by_the_whole_one_does_not_replace_it() -> None:
    """It was compared with what there was before: next to that, nothing is missing."""
    world = World()
    world.link("a", securities=1)
    world.now = FRIDAY_NOON
    world.set_holdings("a", *range(8))
    world.fail_next("a", "half")
    pull_overtaken_by_a_whole_one(world)

    assert world.stored_holdings("a") == dict.fromkeys(range(8), 10)


def test_half_of_a_first_portfolio_that_was_overtaken_by_the_whole_one_does_not_replace_it() -> None:
    world = World()
    world.link("a", securities=8, imported=False)
    world.now = FRIDAY_NOON
    world.fail_next("a", "half")
    pull_overtaken_by_a_whole_one(world)

    assert world.stored_holdings("a") == dict.fromkeys(range(8), 10)


def test_an_older_transaction_does_not_heal_a_connection_by_asking_for_funds(world: World) -> None:
    old = world.begin_transaction("TRX_old")
    world.now += HOUR
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.link_with(replace(old, mutual_funds=True), "a", "kite")

    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN


def test_a_healed_connection_gives_no_reason_any_more(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.now += HOUR
    world.link_with(world.begin_transaction("TRX_new"), "a", "kite")

    account = world.connection("a")
    assert (account.session.state, account.session.reason) == (SessionState.ACTIVE, None)
