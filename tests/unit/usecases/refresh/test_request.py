"""The user asks for newer holdings: they are fetched, or the login that they need is ready; never both, never twice."""

import uuid
from copy import replace
from datetime import datetime, timedelta

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import State
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.result import Refresh
from gateway_backend.domain.shared.errors import GatewayUnavailable, NotFound, RefreshTooSoon
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.usecases.holdings import import_holdings as pulling
from gateway_backend.usecases.refresh.request import LEASE, RequestedRefresh, request_refresh
from testing.contexts import CALENDAR
from testing.fakes import Crash
from testing.market_times import FRIDAY_NOON, FRIDAY_WINDOW, MINUTE, SECOND
from testing.world import World

FLOOR = timedelta(minutes=2)
FOUR = dict.fromkeys(range(4), 10)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Account `a`, imported on Thursday evening; now it is Friday noon."""
    monkeypatch.setattr(pulling, "POLL_SECONDS", 0)
    world = World()
    world.link("a")
    world.now = FRIDAY_NOON
    world.gateway.calls.clear()
    return world


def ask(world: World, account_id: str = "a", user: str = "user-1", key: str | None = None) -> RequestedRefresh:
    """With a new Idempotency-Key, if none is given."""
    return request_refresh(
        account_id,
        user=user,
        idempotency_key=key or f"key-{uuid.uuid4()}",
        attempt=f"request-{len(world.gateway.calls)}",
        context=world.refresh_request_context(FLOOR),
    )


def lease(world: World, now: datetime) -> None:
    connection = world.connection("a")
    world.connections.save(connection, connection.begin_refresh(now, key="other", floor=SECOND, lasting=MINUTE))


def session_ends(world: World) -> None:
    world.gateway.accounts["a"].session_is_live = False
    world.now = FRIDAY_WINDOW


# Fetched ---------------------------------------------------------------------------------------


def test_what_has_changed_at_the_broker_is_there_at_once(world: World) -> None:
    world.set_holdings("a", 0, 1, 2, 30)

    done = ask(world)

    assert (done.refresh, done.started) == (Refresh.REFRESHED, None)
    assert done.connection.as_of == FRIDAY_NOON
    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)


def test_a_snapshot_that_has_not_moved_yet_is_unchanged(world: World) -> None:
    world.fail_next("a", "unmoved")

    done = ask(world)

    assert (done.refresh, done.started, done.connection.session.state) == (
        Refresh.UNCHANGED,
        None,
        SessionState.ACTIVE,
    )


def test_a_broker_at_work_is_waited_for_then_reported_as_updating(world: World) -> None:
    world.fail_next("a", *["updating"] * 3)

    done = ask(world)

    assert (done.refresh, world.calls_for("a")) == (Refresh.UPDATING, 3)
    assert done.verdict.state is State.UPDATING


def test_once_it_is_done_nothing_shows_a_refresh_under_way(world: World) -> None:
    done = ask(world)

    assert not done.connection.is_leased(world.now)
    assert done.verdict.state is State.FRESH


# Not too often ---------------------------------------------------------------------------------


def test_an_account_is_refreshed_once_within_the_floor(world: World) -> None:
    ask(world)

    world.now += FLOOR - SECOND
    with pytest.raises(RefreshTooSoon):
        ask(world)
    assert world.calls_for("a") == 1

    world.now += SECOND
    assert ask(world).refresh is Refresh.REFRESHED


def test_a_refusal_says_how_long_is_left(world: World) -> None:
    ask(world)
    world.now += FLOOR - 5 * SECOND - SECOND / 2

    with pytest.raises(RefreshTooSoon) as refused:
        ask(world)
    assert refused.value.retry_after_seconds == 6


@pytest.mark.parametrize("fault", ["", "unmoved", "updating"])
def test_a_repeat_gets_what_the_first_request_answered_and_refreshes_nothing(world: World, fault: str) -> None:
    world.fail_next("a", *[fault] * 3)
    first = ask(world, key="key-1")
    calls = world.calls_for("a")
    world.now += SECOND

    for _ in range(2):
        repeated = ask(world, key="key-1")
        assert (repeated.refresh, repeated.replayed, world.calls_for("a")) == (first.refresh, True, calls)
    assert first.replayed is False


def test_a_repeat_of_a_request_that_failed_is_too_soon_and_later_tried_again(world: World) -> None:
    world.fail_next("a", "500")
    with pytest.raises(GatewayUnavailable):
        ask(world, key="key-1")
    with pytest.raises(RefreshTooSoon):
        ask(world, key="key-1")

    world.now += FLOOR
    assert ask(world, key="key-1").refresh is Refresh.REFRESHED


def test_the_floor_is_each_accounts_own(world: World) -> None:
    world.link("b")
    ask(world)
    ask(world, "b")

    with pytest.raises(RefreshTooSoon):
        ask(world, "b")


def test_a_failure_counts_too_for_it_was_asked_for(world: World) -> None:
    world.fail_next("a", "500")
    with pytest.raises(GatewayUnavailable):
        ask(world)
    with pytest.raises(RefreshTooSoon):
        ask(world)


def test_two_requests_at_once_ask_gateway_once(world: World) -> None:
    refused: list[type[Exception]] = []

    def second() -> None:
        with pytest.raises(RefreshTooSoon) as error:
            ask(world, key="key-2")
        refused.append(error.type)

    world.gateway.before_reply = second

    assert ask(world).refresh is Refresh.REFRESHED
    assert (refused, world.calls_for("a")) == ([RefreshTooSoon], 1)


def test_one_under_way_keeps_the_others_out_even_past_the_floor(world: World) -> None:
    lease(world, world.now)

    with pytest.raises(RefreshTooSoon):
        lease(world, world.now + 2 * SECOND)
    lease(world, world.now + MINUTE)


def test_while_it_is_under_way_the_account_shows_that(world: World) -> None:
    seen: list[Connection] = []
    world.gateway.before_reply = lambda: seen.append(world.connection("a"))
    ask(world)

    assert seen[0].verdict(world.now, CALENDAR).state is State.UPDATING


def test_a_request_that_died_holds_the_account_no_longer_than_its_lease(world: World) -> None:
    def dies() -> None:
        raise Crash

    world.gateway.before_reply = dies
    with pytest.raises(Crash):
        ask(world)

    assert world.connection("a").is_leased(world.now)
    assert not world.connection("a").is_leased(world.now + LEASE)
    world.now += FLOOR
    assert ask(world).refresh is Refresh.REFRESHED


# A login ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", ["groww", "a-new-broker", ""])
def test_another_broker_gets_an_import_that_is_ready_for_the_sdk(world: World, broker: str) -> None:
    world.link("b", broker=broker)
    world.gateway.calls.clear()

    done = ask(world, "b")

    assert done.refresh is Refresh.LOGIN_NEEDED
    assert world.gateway.calls == ["create"]
    assert done.started is not None
    stored = world.transactions.find(done.started.transaction.id)
    assert stored is not None
    assert (stored.intent, stored.requested_account_id, stored.owner) == (Intent.HOLDINGS_IMPORT, "b", "user-1")


def test_before_the_first_import_a_login_is_needed(world: World) -> None:
    world.link("b", imported=False)

    assert ask(world, "b").refresh is Refresh.LOGIN_NEEDED
    assert world.calls_for("b") == 0


@pytest.mark.parametrize("death", ["stale", "forbidden"])
def test_a_session_that_is_over_gets_the_login_in_the_same_answer(world: World, death: str) -> None:
    session_ends(world)
    world.gateway.accounts["a"].is_forbidden = death == "forbidden"

    done = ask(world)

    assert (done.refresh, done.connection.session.state) == (Refresh.LOGIN_NEEDED, SessionState.NEEDS_LOGIN)
    assert done.started is not None
    assert world.stored_holdings("a") == FOUR


@pytest.mark.parametrize("fault", ["", "500", "timeout", "empty, old date"])
def test_one_who_waits_for_the_user_gets_the_login_whatever_gateway_says_of_the_old_session(
    world: World, fault: str
) -> None:
    session_ends(world)
    ask(world)
    world.gateway.calls.clear()
    world.fail_next("a", fault)

    for key in ("key-2", "key-3"):  # no floor stands between a user and a login
        done = ask(world, key=key)
        assert (done.refresh, done.started is not None) == (Refresh.LOGIN_NEEDED, True)


def test_a_repeated_request_gets_the_same_login(world: World) -> None:
    world.link("b", broker="groww")
    world.gateway.calls.clear()
    first, second = ask(world, "b", key="key-1"), ask(world, "b", key="key-1")

    assert first.started is not None
    assert second.started is not None
    assert first.started.transaction == second.started.transaction
    assert world.gateway.calls == ["create"]


def test_an_import_asks_for_mutual_funds_where_one_has_before(world: World) -> None:
    transaction = world.begin_transaction("TRX_funds")
    world.link_with(replace(transaction, mutual_funds=True), "b", "groww")
    done = ask(world, "b")

    assert done.started is not None
    assert done.started.transaction.mutual_funds


# Failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["500", "429", "400", "timeout", "truncated", "garbage", "empty", "half", "unreadable date", "future date"]
)
def test_a_failure_is_an_error_and_the_last_holdings_stay(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    with pytest.raises(GatewayUnavailable) as error:
        ask(world)

    account = world.connection("a")
    assert error.value.retryable
    assert (account.session.state, account.is_leased(world.now), world.stored_holdings("a")) == (
        SessionState.ACTIVE,
        False,
        FOUR,
    )
    assert "create" not in world.gateway.calls


def test_wrong_keys_ask_nobody_for_a_login(world: World) -> None:
    world.gateway.permanent_fault = "403"

    with pytest.raises(GatewayUnavailable):
        ask(world)
    assert world.connection("a").session.state is SessionState.ACTIVE


@pytest.mark.parametrize(("account_id", "user"), [("a", "user-2"), ("nobody", "user-1")])
def test_only_the_owner_may_ask(world: World, account_id: str, user: str) -> None:
    with pytest.raises(NotFound):
        ask(world, account_id, user)
    assert world.gateway.calls == []


def test_an_account_unlinked_while_it_is_refreshed_is_not_found(world: World) -> None:
    world.gateway.before_reply = lambda: world.end_ownership("a", world.now + MINUTE)

    with pytest.raises(NotFound):
        ask(world)
    assert world.connections.find("a") is None


def test_a_lost_answer_of_the_table_is_not_somebody_elses_refresh(world: World) -> None:
    world.set_holdings("a", 0, 1, 2, 30)
    world.memory.loses_answers = True

    assert ask(world).refresh is Refresh.REFRESHED
    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)
