"""What a page of the refresh proves about sessions: which are over, which are renewed, and when neither is proven."""

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.page import RefreshPage
from testing.market_times import FRIDAY_CLOSE, FRIDAY_NOON, FRIDAY_WINDOW, MINUTE, MONDAY_WINDOW
from testing.refreshes import FOUR, end_with_snapshot_of_friday_noon, session_of
from testing.world import World

# Lapses ----------------------------------------------------------------------------------------


def test_a_snapshot_that_misses_a_whole_trading_session_needs_a_login(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False

    assert world.refresh("a") == {"sessionLapsed": 1}

    account = world.connection("a")
    assert session_of(world) == (SessionState.NEEDS_LOGIN, "SNAPSHOT_NOT_MOVING")
    assert (account.session.since, account.stale_since) == (FRIDAY_WINDOW, FRIDAY_WINDOW)
    assert (world.stored_holdings("a"), world.sqs.sent) == (FOUR, [])


def test_a_snapshot_taken_during_the_last_trading_session_proves_no_lapse() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.gateway.accounts["a"].session_is_live = False
    world.now = FRIDAY_WINDOW

    for attempt in range(7):
        assert world.refresh("a", attempt=attempt) == {"refreshNoNewSnapshot": 1}
    assert len(world.sqs.sent) == 7
    assert session_of(world) == (SessionState.ACTIVE, None)

    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"sessionLapsed": 1}


def test_a_newer_snapshot_that_misses_a_trading_session_is_kept_and_needs_a_login(world: World) -> None:
    end_with_snapshot_of_friday_noon(world)
    world.now = MONDAY_WINDOW

    assert world.refresh("a") == {"sessionLapsed": 1}

    account = world.connection("a")
    assert (account.as_of, account.stale_since) == (FRIDAY_NOON, MONDAY_WINDOW)
    assert session_of(world) == (SessionState.NEEDS_LOGIN, "SNAPSHOT_NOT_MOVING")
    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)


def test_a_newer_snapshot_from_before_the_close_is_kept_and_queued_again(world: World) -> None:
    end_with_snapshot_of_friday_noon(world)

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}

    assert (world.connection("a").as_of, session_of(world)) == (FRIDAY_NOON, (SessionState.ACTIVE, None))
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]


def test_a_slow_gateway_is_no_lapse() -> None:
    world = World()
    world.now = FRIDAY_NOON
    world.link("a")
    world.now = FRIDAY_WINDOW
    world.fail_next("a", "unmoved")

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


@pytest.mark.parametrize("death", ["forbidden", "stale"])
def test_a_lapse_that_two_workers_find_is_recorded_once(world: World, death: str) -> None:
    """Else there are two events."""
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


# Accounts that wait for a login ----------------------------------------------------------------


def test_an_account_awaiting_a_login_is_tried_once_after_every_close(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    flagged = world.connection("a")

    world.now = MONDAY_WINDOW
    world.gateway.calls.clear()
    assert world.refresh("a") == {"refreshAwaitsLogin": 1}

    assert world.calls_for("a") == 1
    assert world.sqs.sent == []
    assert world.connection("a") == flagged  # one event


def test_an_account_awaiting_a_login_is_queued_again_during_an_outage(world: World) -> None:
    """Else a session that has come back would stay flagged for a day, because of an outage."""
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.now = MONDAY_WINDOW
    world.gateway.permanent_fault = "500"

    assert world.refresh("a") == {"refreshFailed": 1}
    assert [page.account_ids for page in world.sqs.pages] == [("a",)]


@pytest.mark.parametrize("fault", ["updating", "empty"])
def test_an_account_awaiting_a_login_is_not_queued_again_after_an_answer(world: World, fault: str) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.now = MONDAY_WINDOW
    world.gateway.permanent_fault = fault

    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert world.sqs.sent == []


def test_an_account_awaiting_a_login_is_tried_after_an_outage(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.refresh("a")
    world.gateway.accounts["a"].session_is_live = True
    world.now = MONDAY_WINDOW
    world.open_circuit()
    assert world.refresh("a") == {"refreshSkipped": 1}

    world.now += MINUTE
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


def test_a_session_flagged_before_its_snapshot_was_stale_is_flagged_stale_after_the_close(world: World) -> None:
    world.pull("a")
    world.gateway.accounts["a"].is_forbidden = True
    world.end_session("a")
    assert world.connection("a").stale_since is None

    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert world.connection("a").stale_since == MONDAY_WINDOW


# Renewal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("death", ["forbidden", "stale"])
def test_a_newer_snapshot_renews_a_session(world: World, death: str) -> None:
    broker = world.gateway.accounts["a"]
    broker.session_is_live, broker.is_forbidden = death != "stale", death == "forbidden"
    world.refresh("a")
    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN

    broker.session_is_live, broker.is_forbidden = True, False
    world.now = MONDAY_WINDOW
    assert world.refresh("a") == {"refreshed": 1}

    account = world.connection("a")
    assert session_of(world) == (SessionState.ACTIVE, None)
    assert (account.session.since, account.stale_since, account.as_of) == (MONDAY_WINDOW, None, MONDAY_WINDOW)


def test_a_snapshot_from_before_the_last_trading_session_renews_no_session(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True
    world.refresh("a")
    world.gateway.accounts["a"].is_forbidden = False
    end_with_snapshot_of_friday_noon(world)
    world.now = MONDAY_WINDOW

    assert world.refresh("a") == {"refreshAwaitsLogin": 1}
    assert (world.connection("a").as_of, session_of(world)[0]) == (FRIDAY_NOON, SessionState.NEEDS_LOGIN)


def test_a_newer_snapshot_renews_a_session_that_another_worker_has_just_flagged(world: World) -> None:
    def other() -> None:
        world.now -= MINUTE
        world.end_session("a")
        world.now += MINUTE

    world.gateway.before_reply = other
    assert world.refresh("a") == {"refreshed": 1}

    account = world.connection("a")
    assert session_of(world) == (SessionState.ACTIVE, None)
    assert (account.session.since, account.stale_since) == (FRIDAY_WINDOW, None)


def test_a_newer_snapshot_from_before_the_close_renews_a_session(world: World) -> None:
    world.end_session("a")
    end_with_snapshot_of_friday_noon(world)

    assert world.refresh("a") == {"refreshNoNewSnapshot": 1}

    account = world.connection("a")
    assert (session_of(world), account.as_of, account.stale_since) == ((SessionState.ACTIVE, None), FRIDAY_NOON, None)
    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]
