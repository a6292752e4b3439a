"""Every account of a page is refreshed, or queued again, or needs nothing; one that is in trouble harms no other."""

from copy import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.circuit import FAILURES_THAT_OPEN, STREAK_LASTS
from gateway_backend.domain.refresh.page import LEASE, PageWork, RefreshPage
from gateway_backend.domain.shared.errors import GatewayUnconfigured, NotYet, StoreUnavailable
from gateway_backend.usecases.contexts import PullContext
from gateway_backend.usecases.refresh import circuit_breaker
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
from testing.world import World

MANY = tuple(f"account-{number:02}" for number in range(40))
FOUR = dict.fromkeys(range(4), 10)


@pytest.fixture
def world() -> World:
    """Account `a`, imported on Thursday evening; now it is Friday and the window is open."""
    world = World()
    world.link("a")
    world.now = FRIDAY_WINDOW
    world.gateway.calls.clear()
    return world


def state(world: World, account_id: str = "a") -> tuple[SessionState, str | None]:
    account = world.connection(account_id)
    return account.session.state, account.session.reason


# What becomes of one account -------------------------------------------------------------------


def test_a_trade_at_the_broker_arrives_without_the_user(world: World) -> None:
    world.set_holdings("a", 0, 1, 2, 30)

    assert world.refresh("a") == {"refreshed": 1}

    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)
    assert world.connection("a").as_of == FRIDAY_WINDOW
    assert world.sqs.sent == []


def test_an_account_that_is_fresh_already_is_not_asked_about(world: World) -> None:
    world.pull("a")
    world.gateway.calls.clear()

    assert world.refresh("a") == {"refreshNotDue": 1}
    assert world.gateway.calls == []


def test_before_the_first_import_there_is_nothing_to_refresh(world: World) -> None:
    world.link("b", imported=False)

    assert world.refresh("b") == {"refreshNotDue": 1}
    assert world.calls_for("b") == 0


@pytest.mark.parametrize("broker", ["groww", "a-new-broker"])
def test_a_broker_that_needs_a_login_or_that_nobody_knows_is_left_alone(world: World, broker: str) -> None:
    world.link("b", broker=broker)
    world.gateway.calls.clear()

    assert world.refresh("a", "b", "nobody") == {"refreshed": 1, "refreshUnknownAccount": 2}
    assert world.gateway.calls == ["a"]


@pytest.mark.parametrize("fault", ["500", "429", "400", "timeout", "truncated", "garbage"])
def test_a_failed_call_is_tried_again_later(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert world.refresh("a") == {"refreshFailed": 1}

    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]
    assert (state(world), world.stored_holdings("a")) == ((SessionState.ACTIVE, None), FOUR)
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


@pytest.mark.parametrize("fault", ["empty", "half", "future date", "unreadable date", "empty, old date"])
def test_an_answer_that_cannot_be_used_is_asked_for_again_later(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert world.refresh("a") == {"refreshIncomplete": 1}

    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]
    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, THURSDAY_EVENING)


def test_a_broker_at_work_is_waited_for_a_little(world: World) -> None:
    world.fail_next("a", "updating", "updating")

    assert world.refresh("a") == {"refreshed": 1}
    assert world.calls_for("a") == 3


def test_a_broker_that_stays_at_work_is_left_for_the_next_attempt(world: World) -> None:
    waits: list[float] = []
    world.fail_next("a", *["updating"] * 3)

    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    context = replace(world.refresh_context, pull=lambda: replace(world.pull_context, wait=waits.append))
    assert refresh_page(page, context) == {"refreshIncomplete": 1}

    assert (world.calls_for("a"), waits) == (3, [2, 2])
    assert world.sqs.pages == [page.again(("a",))]


def test_the_users_own_refresh_under_way_is_not_disturbed(world: World) -> None:
    world.lease_for_refresh("a")

    assert world.refresh("a") == {"refreshSkipped": 1}
    assert world.gateway.calls == []

    world.now += MINUTE
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


def test_an_account_unlinked_while_under_way_is_forgotten(world: World) -> None:
    world.gateway.before_reply = lambda: world.end_ownership("a")

    assert world.refresh("a") == {"refreshUnknownAccount": 1}
    assert (world.connections.find("a"), world.sqs.sent) == (None, [])


# BrokerSession death ---------------------------------------------------------------------------------


def test_a_snapshot_that_stands_still_over_a_whole_session_needs_a_login(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False

    assert world.refresh("a") == {"sessionLapsed": 1}

    account = world.connection("a")
    assert state(world) == (SessionState.NEEDS_LOGIN, "SNAPSHOT_NOT_MOVING")
    assert (account.session.since, account.stale_since) == (FRIDAY_WINDOW, FRIDAY_WINDOW)
    assert (world.stored_holdings("a"), world.sqs.sent) == (FOUR, [])


def test_a_session_that_the_snapshot_itself_has_cut_proves_nothing_yet() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.gateway.accounts["a"].session_is_live = False
    world.now = FRIDAY_WINDOW

    for attempt in range(7):
        assert world.refresh("a", attempt=attempt) == {"refreshNoNewSnapshot": 1}
    assert len(world.sqs.sent) == 7
    assert state(world) == (SessionState.ACTIVE, None)

    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"sessionLapsed": 1}


def snapshot_of_friday_noon_is_the_last(world: World) -> None:
    """Somebody has made Gateway take one that we have not seen; then the session ended."""
    world.set_holdings("a", 0, 1, 2, 30)
    world.gateway.accounts["a"].snapshots.append((FRIDAY_NOON, dict.fromkeys([0, 1, 2, 30], 10)))
    world.gateway.accounts["a"].session_is_live = False


def test_a_snapshot_that_moved_but_missed_a_whole_session_is_kept_and_needs_a_login(world: World) -> None:
    snapshot_of_friday_noon_is_the_last(world)
    world.now = MONDAY_WINDOW

    assert world.refresh("a") == {"sessionLapsed": 1}

    account = world.connection("a")
    assert (account.as_of, account.stale_since) == (FRIDAY_NOON, MONDAY_WINDOW)
    assert state(world) == (SessionState.NEEDS_LOGIN, "SNAPSHOT_NOT_MOVING")
    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)


def test_a_snapshot_that_moved_but_not_over_the_close_is_kept_and_asked_for_again(world: World) -> None:
    snapshot_of_friday_noon_is_the_last(world)

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}

    assert (world.connection("a").as_of, state(world)) == (FRIDAY_NOON, (SessionState.ACTIVE, None))
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]


def test_one_who_waits_for_the_user_is_not_healed_by_a_snapshot_from_before_the_last_session(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True
    world.refresh("a")
    world.gateway.accounts["a"].is_forbidden = False
    snapshot_of_friday_noon_is_the_last(world)
    world.now = MONDAY_WINDOW

    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert (world.connection("a").as_of, state(world)[0]) == (FRIDAY_NOON, SessionState.NEEDS_LOGIN)


def test_keys_that_nobody_has_set_cost_no_account_its_turn(world: World) -> None:
    def unset() -> PullContext:
        raise GatewayUnconfigured

    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    refresh_page(page, replace(world.refresh_context, pull=unset))

    assert world.sqs.pages == [page.again(("a",))]
    assert state(world) == (SessionState.ACTIVE, None)


def test_a_slow_gateway_is_not_taken_for_a_dead_session() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.now = FRIDAY_WINDOW
    world.fail_next("a", "unmoved")

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


def test_a_403_needs_a_login_when_our_keys_are_right(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True

    assert world.refresh("a") == {"sessionLapsed": 1}

    assert state(world) == (SessionState.NEEDS_LOGIN, "GATEWAY_FORBIDDEN")
    assert world.connection("a").stale_since == FRIDAY_WINDOW
    assert world.sqs.sent == []


def hundred(world: World, forbidden: int) -> tuple[str, ...]:
    """Linked on Thursday; the first few answer 403 on Friday."""
    world.now = THURSDAY_EVENING
    ids = world.link_many(f"account-{number:03}" for number in range(100))
    world.now = FRIDAY_WINDOW
    for account_id in ids[:forbidden]:
        world.gateway.accounts[account_id].is_forbidden = True
    return ids


@pytest.mark.parametrize("few", [2, 20])
def test_a_few_403s_on_a_page_are_those_accounts_own(world: World, few: int) -> None:
    ids = hundred(world, forbidden=few)

    assert world.refresh(*ids) == {"sessionLapsed": few, "refreshed": 100 - few}

    assert {state(world, account_id)[0] for account_id in ids[:few]} == {SessionState.NEEDS_LOGIN}
    assert {state(world, account_id)[0] for account_id in ids[few:]} == {SessionState.ACTIVE}
    assert world.sqs.sent == []


def test_two_403s_are_few_on_the_smallest_page(world: World) -> None:
    ids = hundred(world, forbidden=2)

    assert world.refresh(*ids[:2]) == {"sessionLapsed": 2}


@pytest.mark.parametrize("many", [21, 100])
def test_many_403s_at_once_flag_nobody_and_are_tried_again(world: World, many: int) -> None:
    ids = hundred(world, forbidden=many)

    results = world.refresh(*ids)
    assert (results["refreshForbidden"], results["refreshed"]) == (many, 100 - many)

    accounts = [world.connection(account_id) for account_id in ids]
    assert {(account.session.state, account.stale_since) for account in accounts} == {(SessionState.ACTIVE, None)}
    assert [set(page.account_ids) for page in world.sqs.pages] == [set(ids[:many])]

    for account_id in ids:
        world.gateway.accounts[account_id].is_forbidden = False
    assert world.refresh(*ids[:many], attempt=1) == {"refreshed": many}


def test_many_403s_are_overdue_when_they_last(world: World) -> None:
    ids = hundred(world, forbidden=100)
    world.now = FRIDAY_WINDOW + HOUR

    assert world.refresh(*ids)["refreshOverdue"] == 100


def test_accounts_that_were_not_asked_about_make_no_403_rare(world: World) -> None:
    ids = hundred(world, forbidden=3)
    for account_id in ids[3:]:
        world.pull(account_id)

    assert world.refresh(*ids) == {"refreshForbidden": 3, "refreshNotDue": 97}


@pytest.mark.parametrize("death", ["forbidden", "stale"])
def test_a_lapse_that_two_workers_find_is_the_firsts(world: World, death: str) -> None:
    """Else it is told twice."""
    world.gateway.accounts["a"].session_is_live, world.gateway.accounts["a"].is_forbidden = (
        death != "stale",
        death == "forbidden",
    )

    def other() -> None:
        world.now -= MINUTE
        world.refresh("a", attempt=1)
        world.now += MINUTE

    world.gateway.before_reply = other
    world.refresh("a")

    account = world.connection("a")
    assert account.session.state is SessionState.NEEDS_LOGIN
    assert (account.session.since, account.stale_since) == (FRIDAY_WINDOW - MINUTE, FRIDAY_WINDOW - MINUTE)


def test_a_snapshot_heals_what_another_worker_has_flagged_meanwhile(world: World) -> None:
    def other() -> None:
        world.now -= MINUTE
        world.end_session("a")
        world.now += MINUTE

    world.gateway.before_reply = other
    assert world.refresh("a") == {"refreshed": 1}

    account = world.connection("a")
    assert state(world) == (SessionState.ACTIVE, None)
    assert (account.session.since, account.stale_since) == (FRIDAY_WINDOW, None)


def test_a_failure_does_not_overwrite_what_a_newer_snapshot_has_brought(world: World) -> None:
    world.fail_next("a", "500")
    world.gateway.before_reply = lambda: world.pull("a")
    world.refresh("a")

    account = world.connection("a")
    assert (account.as_of, account.last_failure) == (FRIDAY_WINDOW, None)


def test_that_the_broker_is_still_updating_is_always_noted(world: World) -> None:
    """The app is told UPDATING for a few minutes after each time."""
    for attempt in range(3):
        world.fail_next("a", *["updating"] * 3)
        world.refresh("a", attempt=attempt)
        assert world.connection("a").last_attempt_at == world.now
        world.now += 2 * MINUTE


def test_one_who_waits_for_the_user_and_moves_is_healed_though_still_due(world: World) -> None:
    world.end_session("a")
    snapshot_of_friday_noon_is_the_last(world)

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}

    account = world.connection("a")
    assert (state(world), account.as_of, account.stale_since) == ((SessionState.ACTIVE, None), FRIDAY_NOON, None)
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]


def test_wrong_keys_flag_nobody(world: World) -> None:
    world.gateway.permanent_fault = "403"

    assert world.refresh("a") == {"refreshFailed": 1}
    assert (state(world), world.connection("a").stale_since) == ((SessionState.ACTIVE, None), None)


def test_one_who_waits_for_the_user_is_tried_once_after_each_close(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    flagged = world.connection("a")

    world.now = MONDAY_WINDOW
    world.gateway.calls.clear()
    assert world.refresh("a") == {"refreshAwaitsLogin": 1}

    assert world.calls_for("a") == 1
    assert world.sqs.sent == []
    assert world.connection("a") == flagged  # told once


def test_one_who_waits_for_the_user_is_tried_again_when_gateway_was_away(world: World) -> None:
    """Else a session that has come back would stay flagged for a day, because of an outage."""
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.now = MONDAY_WINDOW
    world.gateway.permanent_fault = "500"

    assert world.refresh("a") == {"refreshFailed": 1}
    assert [page.account_ids for page in world.sqs.pages] == [("a",)]


@pytest.mark.parametrize("fault", ["updating", "empty"])
def test_one_who_waits_for_the_user_is_not_queued_again_once_gateway_has_answered(world: World, fault: str) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.now = MONDAY_WINDOW
    world.gateway.permanent_fault = fault

    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert world.sqs.sent == []


@pytest.mark.parametrize("death", ["forbidden", "stale"])
def test_a_session_that_moves_again_heals_by_itself(world: World, death: str) -> None:
    broker = world.gateway.accounts["a"]
    broker.session_is_live, broker.is_forbidden = death != "stale", death == "forbidden"
    world.refresh("a")
    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN

    broker.session_is_live, broker.is_forbidden = True, False
    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"refreshed": 1}

    account = world.connection("a")
    assert state(world) == (SessionState.ACTIVE, None)
    assert (account.session.since, account.stale_since, account.as_of) == (MONDAY_WINDOW, None, MONDAY_WINDOW)


def test_a_session_flagged_before_its_snapshot_was_stale_is_told_stale_after_the_close(world: World) -> None:
    world.pull("a")
    world.gateway.accounts["a"].is_forbidden = True
    world.end_session("a")
    assert world.connection("a").stale_since is None

    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert world.connection("a").stale_since == MONDAY_WINDOW


# The page --------------------------------------------------------------------------------------


def test_the_next_message_holds_exactly_those_that_need_it(world: World) -> None:
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


def test_ten_threads_find_the_same_as_one(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many(MANY)
    world.now = FRIDAY_WINDOW
    for account_id in MANY[::5]:
        world.fail_next(account_id, "500")

    assert world.refresh(*MANY, threads=10) == {"refreshed": 32, "refreshFailed": 8}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ()).again(MANY[::5])]


@pytest.mark.parametrize(("attempt", "at_least", "at_most"), [(0, 30, 60), (1, 60, 120), (9, 450, 900)])
def test_a_retry_is_delayed_the_longer_the_more_often_it_failed(
    world: World, attempt: int, at_least: int, at_most: int
) -> None:
    world.fail_next("a", "500")
    world.refresh("a", attempt=attempt)

    ((_, delay),) = world.sqs.sent
    assert at_least <= delay <= at_most


def test_a_page_of_an_earlier_close_is_dropped_for_its_successor(world: World) -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    world.now = MONDAY_WINDOW

    assert refresh_page(page, world.refresh_context) == {"pageSuperseded": 1}
    assert (world.gateway.calls, world.sqs.sent) == ([], [])


def test_a_page_that_comes_twice_is_worked_on_once(world: World) -> None:
    world.refresh("a")
    world.gateway.calls.clear()

    assert world.refresh("a") == {"pageRepeated": 1}
    assert world.gateway.calls == []


def test_a_page_that_another_worker_has_comes_back_later(world: World) -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    world.pages.save(page, PageWork(), PageWork().lease(world.now), world.now)

    world.now += LEASE - SECOND
    with pytest.raises(NotYet):
        world.refresh("a")
    assert world.gateway.calls == []


def test_a_page_whose_worker_has_died_is_taken_over(world: World) -> None:
    world.gateway.before_reply = dies
    with pytest.raises(Crash):
        world.refresh("a")
    world.client.before_call = lambda _operation, _request: None  # what died while dying released nothing

    world.now += LEASE
    assert world.refresh("a") == {"refreshed": 1}


def dies() -> None:
    raise Crash


def test_a_worker_that_only_failed_gives_the_page_back_at_once(world: World) -> None:
    world.fail_next("a", "500")
    world.sqs.capacity = 0

    with pytest.raises(StoreUnavailable):
        world.refresh("a")
    world.sqs.capacity = 1

    assert world.refresh("a") == {"refreshed": 1}


def test_what_is_still_not_fresh_long_after_the_window_opened_is_counted(world: World) -> None:
    world.gateway.permanent_fault = "500"
    world.now = FRIDAY_WINDOW + 45 * MINUTE - SECOND
    assert world.refresh("a") == {"refreshFailed": 1}

    world.now += SECOND
    assert world.refresh("a", attempt=1) == {"refreshFailed": 1, "refreshOverdue": 1}


def test_no_account_is_begun_when_the_pages_time_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0)

    assert world.refresh("a") == {"refreshSkipped": 1}
    assert world.gateway.calls == []
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]


# One in trouble --------------------------------------------------------------------------------


def failing_for(account_id: str, error: Exception) -> Any:
    def before(_operation: str, request: dict[str, Any]) -> None:
        if request.get("Key", {}).get("pk") == {"S": f"ACCOUNT#{account_id}"}:
            raise error

    return before


def test_a_store_that_fails_for_one_account_costs_the_others_nothing(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bc")
    world.now = FRIDAY_WINDOW
    world.client.before_call = failing_for("b", EndpointConnectionError(endpoint_url="https://store.example"))

    assert world.refresh("a", "b", "c") == {"refreshed": 2, "refreshStoreFailed": 1}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("b",), attempt=1)]


def test_a_bug_in_one_account_is_counted_and_leaves_the_others(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bc")
    world.now = FRIDAY_WINDOW
    world.client.before_call = failing_for("b", KeyError("a bug"))

    assert world.refresh("a", "b", "c") == {"refreshed": 2, "refreshUnexpectedError": 1}
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("b",), attempt=1)]


def test_one_that_stays_broken_is_overdue(world: World) -> None:
    world.now = FRIDAY_WINDOW + HOUR
    world.client.before_call = failing_for("a", KeyError("a bug"))

    assert world.refresh("a") == {"refreshUnexpectedError": 1, "refreshOverdue": 1}


# The circuit -----------------------------------------------------------------------------------


@pytest.fixture
def crowd(world: World) -> World:
    """Forty accounts, due."""
    world.now = THURSDAY_EVENING
    world.link_many(MANY)
    world.now = FRIDAY_WINDOW
    world.gateway.calls.clear()
    return world


def outage(world: World) -> World:
    world.gateway.permanent_fault = "500"
    world.refresh(*MANY)
    world.gateway.calls.clear()
    return world


@pytest.mark.parametrize("fault", ["500", "429", "timeout", "garbage", "403"])
def test_ten_failures_in_a_row_stop_the_calls(crowd: World, fault: str) -> None:
    crowd.gateway.permanent_fault = fault

    assert crowd.refresh(*MANY) == {"refreshFailed": 10, "refreshSkipped": 30}

    asked = [account_id for account_id in crowd.gateway.calls if account_id in MANY]
    assert len(asked) == FAILURES_THAT_OPEN
    assert crowd.circuit_is_open()
    assert crowd.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ()).again(MANY)]


def test_nine_failures_in_a_row_do_not(crowd: World) -> None:
    for number, account_id in enumerate(MANY):
        if number % FAILURES_THAT_OPEN != FAILURES_THAT_OPEN - 1:
            crowd.fail_next(account_id, "500")

    assert crowd.refresh(*MANY) == {"refreshFailed": 36, "refreshed": 4}
    assert not crowd.circuit_is_open()


def test_one_failure_in_twenty_does_not(crowd: World) -> None:
    for account_id in MANY[::20]:
        crowd.fail_next(account_id, "timeout")

    assert crowd.refresh(*MANY) == {"refreshed": 38, "refreshFailed": 2}
    assert crowd.circuits.find().open_until is None


@pytest.mark.parametrize(("different", "is_open"), [(1, False), (9, False), (10, True)])
def test_so_many_different_accounts_must_fail_over_all_pages(crowd: World, different: int, is_open: bool) -> None:
    """One that fails for ever is one, however often."""
    crowd.gateway.permanent_fault = "500"
    worker = crowd.refresh_context
    for attempt in range(20):
        refresh_page(RefreshPage(FRIDAY_CLOSE, (MANY[attempt % different],), attempt), worker)

    assert crowd.circuit_is_open() is is_open


def test_failures_of_long_ago_do_not_count(crowd: World) -> None:
    crowd.gateway.permanent_fault = "500"
    worker = crowd.refresh_context
    for attempt, account_id in enumerate(MANY[:20]):
        refresh_page(RefreshPage(FRIDAY_CLOSE, (account_id,), attempt), worker)
        crowd.now += STREAK_LASTS + SECOND

    assert crowd.circuits.find().open_until is None


def test_as_long_as_it_is_open_it_is_counted(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    for user in (module, circuit_breaker):
        monkeypatch.setattr(user, "count", lambda name, _number=1: counted.append(name))
    outage(crowd)
    assert counted.count("CircuitOpen") == 1

    crowd.refresh(*MANY, attempt=1)
    assert counted.count("CircuitOpen") == 2


@pytest.mark.parametrize("fault", ["400", "updating", "unreadable date", "unmoved"])
def test_an_answer_however_unwelcome_shows_that_gateway_is_up(crowd: World, fault: str) -> None:
    crowd.gateway.permanent_fault = fault
    crowd.refresh(*MANY)

    assert set(MANY) <= set(crowd.gateway.calls)
    assert crowd.circuits.find().open_until is None


def test_while_it_is_open_nobody_calls(crowd: World) -> None:
    outage(crowd)

    crowd.now += MINUTE - SECOND
    assert crowd.refresh(*MANY, attempt=1) == {"refreshSkipped": 40}
    assert crowd.gateway.calls == []


def test_a_probe_that_fails_makes_the_next_wait_twice_as_long(crowd: World) -> None:
    outage(crowd)
    pauses = [1, 2, 4, 8, 8]

    for attempt, minutes in enumerate(pauses, start=1):
        crowd.now += minutes * MINUTE
        assert crowd.refresh(*MANY, attempt=attempt) == {"refreshFailed": 1, "refreshSkipped": 39}
    assert len(crowd.gateway.calls) == len(pauses)
    assert crowd.circuits.find().opened_at == FRIDAY_WINDOW


def test_one_worker_probes_and_the_others_wait(crowd: World) -> None:
    outage(crowd)
    crowd.now += MINUTE
    seen: list[Any] = []
    crowd.gateway.before_reply = lambda: seen.append(crowd.refresh(*MANY[20:], attempt=1))

    crowd.refresh(*MANY[:20], attempt=1)

    assert seen == [{"refreshSkipped": 20}]
    assert crowd.gateway.calls == [MANY[0]]


def test_a_probe_that_is_answered_closes_it_and_the_page_goes_on(crowd: World) -> None:
    outage(crowd)
    crowd.gateway.permanent_fault = ""
    crowd.now += MINUTE

    assert crowd.refresh(*MANY, attempt=1) == {"refreshed": 40}
    assert crowd.circuits.find().open_until is None


def test_an_outage_flags_nobody_and_shrinks_nothing(crowd: World) -> None:
    outage(crowd)
    crowd.now += HOUR
    crowd.refresh(*MANY, attempt=1)

    for account_id in MANY:
        assert state(crowd, account_id) == (SessionState.ACTIVE, None)
        assert crowd.stored_holdings(account_id) == FOUR


def test_the_probe_falls_to_the_first_account_that_is_due(crowd: World) -> None:
    outage(crowd)
    crowd.gateway.permanent_fault = ""
    crowd.now += MINUTE
    crowd.pull(MANY[0])

    assert crowd.refresh("nobody", *MANY, attempt=1) == {
        "refreshUnknownAccount": 1,
        "refreshNotDue": 1,
        "refreshed": 39,
    }
