"""A page of the refresh: worked on once at a time, its failures queued again, its trouble kept to the account."""

from copy import replace
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.page import LEASE, PageWork, RefreshPage
from gateway_backend.domain.shared.errors import GatewayUnconfigured, NotYet, StoreUnavailable
from gateway_backend.usecases.contexts import PullContext
from gateway_backend.usecases.refresh import page as module
from gateway_backend.usecases.refresh.page import refresh_page
from testing.fakes import Crash
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
from testing.refreshes import MANY, session_of
from testing.world import World


def test_the_next_message_has_exactly_the_accounts_to_try_again(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bcdefg")
    world.now = FRIDAY_WINDOW
    world.fail_next("b", "500")
    world.gateway.accounts["c"].session_is_live = False
    world.fail_next("d", "empty")
    world.gateway.accounts["e"].is_forbidden = True
    world.pull("f")
    world.end_ownership("g")

    assert world.refresh("a", "b", "c", "d", "e", "f", "g", "nobody") == {
        "refreshed": 1,
        "refreshFailed": 1,
        "sessionLapsed": 2,
        "refreshIncomplete": 1,
        "refreshNotDue": 1,
        "refreshUnknownAccount": 2,
    }
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("d", "b"), attempt=1)]


def test_ten_threads_have_the_same_results_as_a_single_thread(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many(MANY)
    world.now = FRIDAY_WINDOW
    for account_id in MANY[::5]:
        world.fail_next(account_id, "500")

    assert world.refresh(*MANY, threads=10) == {"refreshed": 32, "refreshFailed": 8}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ()).next_attempt(MANY[::5])]


@pytest.mark.parametrize(("attempt", "at_least", "at_most"), [(0, 30, 60), (1, 60, 120), (9, 450, 900)])
def test_a_retry_waits_longer_after_every_attempt(world: World, attempt: int, at_least: int, at_most: int) -> None:
    world.fail_next("a", "500")
    world.refresh("a", attempt=attempt)

    ((_, delay),) = world.sqs.sent
    assert at_least <= delay <= at_most


def test_a_page_of_an_earlier_close_is_dropped(world: World) -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    world.now = MONDAY_WINDOW

    assert refresh_page(page, world.refresh_context) == {"pageSuperseded": 1}
    assert (world.gateway.calls, world.sqs.sent) == ([], [])


def test_a_page_of_a_future_close_waits_for_it(world: World) -> None:
    """A planner's clock ran ahead: its slots count as planned, so the page must not be used up."""
    world.pull("a")
    page = RefreshPage(FRIDAY_CLOSE + timedelta(days=3), ("a",))

    assert refresh_page(page, world.refresh_context) == {"refreshSkipped": 1}
    world.now = MONDAY_WINDOW
    (again,) = world.sqs.pages
    assert refresh_page(again, world.refresh_context) == {"refreshed": 1}


def test_a_page_that_is_delivered_twice_is_worked_on_once(world: World) -> None:
    world.refresh("a")
    world.gateway.calls.clear()

    assert world.refresh("a") == {"pageRepeated": 1}
    assert world.gateway.calls == []


def test_a_page_that_another_worker_has_is_delivered_again_later(world: World) -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    world.pages.save(page, PageWork(), PageWork().lease(world.now), world.now)

    world.now += LEASE - SECOND
    with pytest.raises(NotYet):
        world.refresh("a")
    assert world.gateway.calls == []


def test_a_page_of_a_worker_that_died_is_taken_over(world: World) -> None:
    world.gateway.before_reply = dies
    with pytest.raises(Crash):
        world.refresh("a")
    world.client.before_call = lambda _operation, _request: None  # what died while dying released nothing

    world.now += LEASE
    assert world.refresh("a") == {"refreshed": 1}


def dies() -> None:
    raise Crash


def test_a_worker_that_failed_gives_the_page_back_at_once(world: World) -> None:
    world.fail_next("a", "500")
    world.sqs.capacity = 0

    with pytest.raises(StoreUnavailable):
        world.refresh("a")
    world.sqs.capacity = 1

    assert world.refresh("a") == {"refreshed": 1}


def test_an_account_not_fresh_long_after_the_window_opened_is_overdue(world: World) -> None:
    world.gateway.permanent_fault = "500"
    world.now = FRIDAY_WINDOW + 45 * MINUTE - SECOND
    assert world.refresh("a") == {"refreshFailed": 1}

    world.now += SECOND
    assert world.refresh("a", attempt=1) == {"refreshFailed": 1, "refreshOverdue": 1}


def test_a_snapshot_that_has_not_moved_is_tried_again_and_never_overdue() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.now = FRIDAY_WINDOW + 2 * HOUR
    world.fail_next("a", "unmoved")

    assert world.refresh("a", attempt=9) == {"refreshNoNewSnapshot": 1}
    assert [page.account_ids for page in world.sqs.pages] == [("a",)]


def test_no_account_is_begun_after_the_time_of_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0)

    assert world.refresh("a") == {"refreshSkipped": 1}
    assert world.gateway.calls == []
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]


# Accounts in trouble ---------------------------------------------------------------------------


def test_a_store_failure_of_an_account_leaves_the_others_alone(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bc")
    world.now = FRIDAY_WINDOW
    world.client.fail_for("ACCOUNT#b", EndpointConnectionError(endpoint_url="https://store.example"))

    assert world.refresh("a", "b", "c") == {"refreshed": 2, "refreshStoreFailed": 1}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("b",), attempt=1)]


def test_a_bug_in_an_account_leaves_the_others_alone(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bc")
    world.now = FRIDAY_WINDOW
    world.client.fail_for("ACCOUNT#b", KeyError("a bug"))

    assert world.refresh("a", "b", "c") == {"refreshed": 2, "refreshUnexpectedError": 1}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("b",), attempt=1)]


def test_an_account_that_stays_broken_is_overdue(world: World) -> None:
    world.now = FRIDAY_WINDOW + HOUR
    world.client.fail_for("ACCOUNT#a", KeyError("a bug"))

    assert world.refresh("a") == {"refreshUnexpectedError": 1, "refreshOverdue": 1}


def test_without_gateway_keys_an_account_is_queued_again(world: World) -> None:
    def unset() -> PullContext:
        raise GatewayUnconfigured

    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    refresh_page(page, replace(world.refresh_context, pull=unset))

    assert world.sqs.pages == [page.next_attempt(("a",))]
    assert session_of(world) == (SessionState.ACTIVE, None)
