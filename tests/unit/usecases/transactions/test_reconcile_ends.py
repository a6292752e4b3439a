"""With every webhook lost the schedule still brings each transaction to its end."""

from datetime import timedelta

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.shared.errors import GatewayRefused
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import GRACE, Status
from gateway_backend.domain.transactions.transaction import CHECKS_BEFORE_EXPIRY
from testing.market_times import HOUR, MINUTE, SECOND
from testing.reconciliations import (
    EXPIRES,
    FOUR,
    apply_completion,
    reconcile,
    reconcile_for,
    report,
    to_check,
    world_with_open_import,
)
from testing.world import World

LEFT_OPEN = pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])


@pytest.fixture
def world() -> World:
    return world_with_open_import()


# Expiry ----------------------------------------------------------------------------------------


@LEFT_OPEN
def test_an_abandoned_transaction_expires_only_after_an_answer_of_gateway(world: World, status: Status) -> None:
    report(world, status)
    world.now = EXPIRES + GRACE
    world.gateway.permanent_fault = "500"
    reconcile(world)
    assert world.transaction("TRX_1").status is Status.INITIALIZED

    world.gateway.permanent_fault = ""
    world.now += HOUR
    assert reconcile(world)["transactionsSettled"] == 1
    assert world.transaction("TRX_1").status is Status.EXPIRED


@LEFT_OPEN
def test_a_transaction_that_may_still_be_finishing_does_not_expire(world: World, status: Status) -> None:
    report(world, status)
    world.now = EXPIRES + GRACE - SECOND
    reconcile(world)

    assert world.transaction("TRX_1").status is status


def test_what_the_broker_is_processing_stays_open_past_its_time(world: World) -> None:
    report(world, Status.PROCESSING)
    world.now += timedelta(days=3)
    reconcile(world)

    found = world.transaction("TRX_1")
    assert (found.status, found.is_settled) == (Status.PROCESSING, False)


def test_a_transaction_that_gateway_no_longer_has_expires_after_five_checks(world: World) -> None:
    """They take an hour: a Gateway in trouble may answer so for a while."""
    del world.gateway.transactions["TRX_1"]
    assert len(reconcile_for(world, 65 * MINUTE)) == CHECKS_BEFORE_EXPIRY
    assert world.transaction("TRX_1").status is Status.INITIALIZED

    reconcile_for(world, 2 * HOUR)
    assert world.transaction("TRX_1").status is Status.EXPIRED


def test_wrong_keys_end_no_transaction(world: World) -> None:
    world.gateway.permanent_fault = "403"
    reconcile_for(world, timedelta(hours=5))

    assert not world.transaction("TRX_1").is_settled


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.ERRORED, Status.EXPIRED])
def test_a_bad_end_is_stored_with_its_failure(world: World, status: Status) -> None:
    report(world, status, error={"value": True, "code": 1012, "message": "user_cancelled"})
    world.now += 2 * MINUTE

    assert reconcile(world)["transactionsSettled"] == 1
    assert world.transaction("TRX_1").status is status
    failure = world.transaction("TRX_1").failure
    assert failure is not None
    assert failure.code == 1012


# Imports ---------------------------------------------------------------------------------------


def test_a_completed_import_whose_webhook_never_came_is_imported(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE

    assert reconcile(world)["transactionsSettled"] == 1

    assert world.connection("a").owner == "user-1"
    assert world.stored_holdings("a") == FOUR
    assert world.transaction("TRX_1").result_persisted


def test_a_login_that_ended_without_an_import_links_the_account(world: World) -> None:
    error = {"code": 1013, "message": "consent_denied"}
    report(world, Status.ERRORED, smallcaseAuthId="a", broker="kite", error=error)
    world.now += 2 * MINUTE
    reconcile(world)

    assert (world.connection("a").broker, world.connection("a").as_of) == ("kite", None)


def test_a_completed_import_whose_holdings_are_not_there_yet_is_imported_later(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", "updating", "500", "truncated")
    checked = reconcile_for(world, timedelta(hours=2))

    assert len(checked) == 4
    assert world.stored_holdings("a") == FOUR
    assert world.transaction("TRX_1").is_settled


def test_a_connection_without_an_import_is_settled_without_a_pull() -> None:
    world = World()
    world.begin_transaction("TRX_1", intent=Intent.CONNECT)
    report(world, Status.COMPLETED, smallcaseAuthId="a", broker="kite")
    world.now += 2 * MINUTE

    assert reconcile(world)["transactionsSettled"] == 1
    assert world.calls_for("a") == 0


def test_a_late_completion_of_an_expired_transaction_is_imported_later_when_that_fails(world: World) -> None:
    report(world, Status.EXPIRED)
    world.now += HOUR
    reconcile(world)
    assert (world.transaction("TRX_1").status, to_check(world)) == (Status.EXPIRED, [])

    world.complete_login("TRX_1", "a")
    world.fail_next("a", "400", "500")
    with pytest.raises(GatewayRefused):
        apply_completion(world)
    assert to_check(world) == ["TRX_1"]

    reconcile_for(world, HOUR)
    assert world.stored_holdings("a") == FOUR
    assert to_check(world) == []


def test_a_transaction_that_a_second_worker_takes_for_open_is_not_checked_for_ever(world: World) -> None:
    """Both read it before either had imported; the second applies its report when the first has finished."""
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE
    read = world.transaction("TRX_1")
    reconcile(world)
    world.fail_next("a", "400")
    apply_completion(world, read)
    reconcile_for(world, HOUR)

    assert world.transaction("TRX_1").is_settled
    assert to_check(world) == []


def test_a_login_to_the_account_of_another_user_is_refused_and_not_checked_again(world: World) -> None:
    owner = world.begin_transaction("TRX_2", user="user-2")
    world.link_with(owner, "a", "kite")
    world.complete_login("TRX_1", "a")

    assert len(reconcile_for(world, timedelta(hours=5))) == 1
    assert world.transaction("TRX_1").link_refusal == "ACCOUNT_OF_ANOTHER_USER"
    assert world.connection("a").owner == "user-2"


def test_a_new_login_whose_webhook_never_came_ends_the_lapse() -> None:
    world = World()
    world.link("a")
    world.now += 72 * HOUR
    world.end_session("a", "SNAPSHOT_NOT_MOVING")
    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN

    world.now += HOUR
    world.begin_transaction("TRX_1")
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE
    reconcile(world)

    account = world.connection("a")
    assert (account.session.state, account.stale_since, account.as_of) == (SessionState.ACTIVE, None, world.now)
