"""The circuit breaker: so many failures in a row stop the calls for everybody, and a single probe ends that."""

from typing import Any

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.circuit import FAILURES_THAT_OPEN, STREAK_LASTS
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.usecases.refresh import circuit_breaker
from gateway_backend.usecases.refresh import page as module
from gateway_backend.usecases.refresh.page import refresh_page
from testing.market_times import FRIDAY_CLOSE, FRIDAY_WINDOW, HOUR, MINUTE, SECOND, THURSDAY_EVENING
from testing.refreshes import FOUR, MANY, session_of
from testing.world import World


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


# Opening ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "429", "timeout", "garbage", "403"])
def test_ten_failures_in_a_row_open_the_circuit(crowd: World, fault: str) -> None:
    crowd.gateway.permanent_fault = fault

    assert crowd.refresh(*MANY) == {"refreshFailed": 10, "refreshSkipped": 30}

    called = [account_id for account_id in crowd.gateway.calls if account_id in MANY]
    assert len(called) == FAILURES_THAT_OPEN
    assert crowd.circuit_is_open()
    assert crowd.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ()).next_attempt(MANY)]


def test_nine_failures_in_a_row_do_not_open_the_circuit(crowd: World) -> None:
    for number, account_id in enumerate(MANY):
        if number % FAILURES_THAT_OPEN != FAILURES_THAT_OPEN - 1:
            crowd.fail_next(account_id, "500")

    assert crowd.refresh(*MANY) == {"refreshFailed": 36, "refreshed": 4}
    assert not crowd.circuit_is_open()


def test_a_failure_in_twenty_does_not_open_the_circuit(crowd: World) -> None:
    for account_id in MANY[::20]:
        crowd.fail_next(account_id, "timeout")

    assert crowd.refresh(*MANY) == {"refreshed": 38, "refreshFailed": 2}
    assert crowd.circuits.find().open_until is None


@pytest.mark.parametrize(("different", "is_open"), [(1, False), (9, False), (10, True)])
def test_failures_of_an_account_count_once_over_all_pages(crowd: World, different: int, is_open: bool) -> None:
    """One that fails for ever is one, however often."""
    crowd.gateway.permanent_fault = "500"
    worker = crowd.refresh_context
    for attempt in range(20):
        refresh_page(RefreshPage(FRIDAY_CLOSE, (MANY[attempt % different],), attempt), worker)

    assert crowd.circuit_is_open() is is_open


def test_failures_long_ago_do_not_count(crowd: World) -> None:
    crowd.gateway.permanent_fault = "500"
    worker = crowd.refresh_context
    for attempt, account_id in enumerate(MANY[:20]):
        refresh_page(RefreshPage(FRIDAY_CLOSE, (account_id,), attempt), worker)
        crowd.now += STREAK_LASTS + SECOND

    assert crowd.circuits.find().open_until is None


@pytest.mark.parametrize("fault", ["400", "updating", "unreadable date", "unmoved"])
def test_an_answer_of_any_kind_shows_that_gateway_is_up(crowd: World, fault: str) -> None:
    crowd.gateway.permanent_fault = fault
    crowd.refresh(*MANY)

    assert set(MANY) <= set(crowd.gateway.calls)
    assert crowd.circuits.find().open_until is None


def test_every_page_that_meets_an_open_circuit_is_counted(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    for user in (module, circuit_breaker):
        monkeypatch.setattr(user, "count", lambda name, _number=1: counted.append(name))
    outage(crowd)
    assert counted.count("CircuitOpen") == 1

    crowd.refresh(*MANY, attempt=1)
    assert counted.count("CircuitOpen") == 2


# While it is open ------------------------------------------------------------------------------


def test_while_the_circuit_is_open_no_account_is_pulled(crowd: World) -> None:
    outage(crowd)

    crowd.now += MINUTE - SECOND
    assert crowd.refresh(*MANY, attempt=1) == {"refreshSkipped": 40}
    assert crowd.gateway.calls == []


def test_an_outage_changes_no_account(crowd: World) -> None:
    outage(crowd)
    crowd.now += HOUR
    crowd.refresh(*MANY, attempt=1)

    for account_id in MANY:
        assert session_of(crowd, account_id) == (SessionState.ACTIVE, None)
        assert crowd.stored_holdings(account_id) == FOUR


# The probe -------------------------------------------------------------------------------------


def test_a_probe_that_fails_doubles_the_pause(crowd: World) -> None:
    outage(crowd)
    pauses = [1, 2, 4, 8, 8]

    for attempt, minutes in enumerate(pauses, start=1):
        crowd.now += minutes * MINUTE
        assert crowd.refresh(*MANY, attempt=attempt) == {"refreshFailed": 1, "refreshSkipped": 39}
    assert len(crowd.gateway.calls) == len(pauses)
    assert crowd.circuits.find().opened_at == FRIDAY_WINDOW


def test_a_single_worker_probes_and_the_others_wait(crowd: World) -> None:
    outage(crowd)
    crowd.now += MINUTE
    seen: list[Any] = []
    crowd.gateway.before_reply = lambda: seen.append(crowd.refresh(*MANY[20:], attempt=1))

    crowd.refresh(*MANY[:20], attempt=1)

    assert seen == [{"refreshSkipped": 20}]
    assert crowd.gateway.calls == [MANY[0]]


def test_a_probe_that_is_answered_closes_the_circuit(crowd: World) -> None:
    outage(crowd)
    crowd.gateway.permanent_fault = ""
    crowd.now += MINUTE

    assert crowd.refresh(*MANY, attempt=1) == {"refreshed": 40}
    assert crowd.circuits.find().open_until is None


def test_failures_after_the_probe_open_the_circuit_again(world: World) -> None:
    world.now = THURSDAY_EVENING
    ids = world.link_many(f"x{number:02}" for number in range(30))
    world.now = FRIDAY_WINDOW
    world.open_circuit()
    world.now += MINUTE
    for account_id in ids[1:]:
        world.fail_next(account_id, "500")

    world.refresh(*ids, attempt=1)
    assert world.circuit_is_open()


def test_the_first_account_that_is_due_is_the_probe(crowd: World) -> None:
    outage(crowd)
    crowd.gateway.permanent_fault = ""
    crowd.now += MINUTE
    crowd.pull(MANY[0])

    assert crowd.refresh("nobody", *MANY, attempt=1) == {
        "refreshUnknownAccount": 1,
        "refreshNotDue": 1,
        "refreshed": 39,
    }


def test_a_page_without_due_accounts_leaves_the_probe_to_others(world: World) -> None:
    world.pull("a")
    world.open_circuit()
    world.now += MINUTE
    world.refresh("a")

    assert world.circuits.find().pause == MINUTE


def test_a_bug_in_the_probe_leaves_the_others_alone(world: World) -> None:
    world.now = THURSDAY_EVENING
    world.link_many("bcd")
    world.now = FRIDAY_WINDOW
    world.open_circuit()
    world.now += MINUTE
    world.client.fail_for("ACCOUNT#a", KeyError("a bug"))

    assert world.refresh("a", "b", "c", "d", attempt=1) == {"refreshUnexpectedError": 1, "refreshed": 3}
