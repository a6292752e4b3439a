"""Sync a transaction with Gateway: its account is linked, its status stored, its holdings imported; safe to repeat."""

import pytest

from gateway_backend.domain.shared.errors import (
    GatewayUnavailable,
    StoreUnavailable,
)
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import SYNC_INTERVAL
from gateway_backend.usecases.transactions.sync import apply_gateway_report, sync, sync_if_open
from testing.market_times import MINUTE, SECOND
from testing.reconciliations import FOUR, apply_completion, report, sync_import, world_with_open_import
from testing.world import World


@pytest.fixture
def world() -> World:
    return world_with_open_import()


# When Gateway is asked -------------------------------------------------------------------------


def test_a_settled_transaction_is_given_as_it_was_read(world: World) -> None:
    report(world, Status.CANCELLED)
    settled = sync_import(world)
    world.gateway.calls.clear()
    world.now += MINUTE

    assert sync_if_open(settled, world.sync_context) is settled
    assert world.gateway.calls == []


def test_an_open_transaction_is_synced(world: World) -> None:
    report(world, Status.USED)

    assert sync_if_open(world.transaction("TRX_1"), world.sync_context).status is Status.USED


def test_gateway_is_asked_about_a_transaction_at_most_every_two_seconds(world: World) -> None:
    synced = sync_import(world)
    world.now += SYNC_INTERVAL - SECOND
    assert sync(synced, world.sync_context) is synced
    assert world.calls_for("TRX_1") == 1

    world.now += SECOND
    sync(synced, world.sync_context)
    assert world.calls_for("TRX_1") == 2


@pytest.mark.parametrize("fault", ["timeout", "500", "400", "403", "garbage"])
def test_a_sync_that_fails_gives_the_transaction_as_it_is_stored(world: World, fault: str) -> None:
    before = world.transaction("TRX_1")
    world.fail_next("TRX_1", fault)

    synced = sync_import(world)

    assert synced == world.transaction("TRX_1")
    assert (synced.status, synced.synced_at) == (before.status, world.now)


def test_a_sync_that_fails_counts_for_the_interval(world: World) -> None:
    """An app that polls does not add to an outage."""
    world.gateway.permanent_fault = "500"
    failed = sync_import(world)
    sync(failed, world.sync_context)

    assert world.calls_for("TRX_1") == 1


# What follows from a report --------------------------------------------------------------------


def test_the_account_of_a_report_is_linked_to_the_user(world: World) -> None:
    report(world, Status.USED, smallcaseAuthId="a", broker="kite")

    synced = sync_import(world)

    assert (synced.account_id, synced.broker) == ("a", "kite")
    assert (world.connection("a").owner, world.connection("a").transaction_id) == ("user-1", "TRX_1")


def test_a_report_without_an_account_links_nothing(world: World) -> None:
    report(world, Status.USED)
    sync_import(world)

    assert world.connections.find("a") is None


def test_a_completed_import_is_imported_and_settled(world: World) -> None:
    world.complete_login("TRX_1", "a")

    synced = sync_import(world)

    assert (synced.status, synced.result_persisted, synced.is_settled) == (Status.COMPLETED, True, True)
    assert world.stored_holdings("a") == FOUR


def test_an_import_that_is_not_completed_pulls_no_holdings(world: World) -> None:
    world.complete_login("TRX_1", "a")
    report(world, Status.PROCESSING, smallcaseAuthId="a", broker="kite")
    sync_import(world)

    assert world.calls_for("a") == 0


@pytest.mark.parametrize("intent", [Intent.CONNECT, Intent.FETCH_FUNDS, Intent.MF_HOLDINGS_IMPORT])
def test_only_an_import_of_holdings_pulls_them(intent: Intent) -> None:
    world = World()
    world.begin_transaction("TRX_1", intent=intent)
    world.complete_login("TRX_1", "a")

    assert sync_import(world).status is Status.COMPLETED
    assert world.calls_for("a") == 0


def test_incomplete_holdings_leave_the_transaction_unsettled(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", "updating")

    synced = sync_import(world)

    assert (synced.status, synced.is_settled) == (Status.COMPLETED, False)


def test_a_completed_import_whose_holdings_are_stored_is_not_imported_again(world: World) -> None:
    world.complete_login("TRX_1", "a")
    sync_import(world)
    world.now += MINUTE
    apply_completion(world)

    assert world.calls_for("a") == 1


def test_a_report_that_is_applied_twice_at_once_is_written_once(world: World) -> None:
    world.complete_login("TRX_1", "a")
    settled = sync_import(world)

    assert apply_completion(world) == settled


def test_an_older_report_does_not_take_a_later_status_back(world: World) -> None:
    world.complete_login("TRX_1", "a")
    settled = sync_import(world)

    again = apply_gateway_report(settled, Report("TRX_1", Status.USED), world.sync_context)

    assert (again.status, again.is_settled) == (Status.COMPLETED, True)


def test_a_pull_that_fails_is_raised_with_the_status_already_stored(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", "500")

    with pytest.raises(GatewayUnavailable):
        apply_completion(world)
    stored = world.transaction("TRX_1")
    assert (stored.status, stored.account_id, stored.is_settled) == (Status.COMPLETED, "a", False)
    assert world.connection("a").owner == "user-1"


def test_a_sync_whose_pull_fails_gives_the_stored_status(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", "500")

    assert sync_import(world).status is Status.COMPLETED


def test_a_store_that_fails_after_the_link_is_made_up_for_by_the_next_sync(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.client.fail_on("update_item")
    with pytest.raises(StoreUnavailable):
        sync_import(world)
    world.client.before_call = None
    assert (world.connection("a").owner, world.transaction("TRX_1").status) == ("user-1", Status.INITIALIZED)

    assert sync_import(world).is_settled
    assert world.stored_holdings("a") == FOUR


def test_a_report_is_applied_to_what_another_worker_has_stored_in_between(world: World) -> None:
    read = world.transaction("TRX_1")
    report(world, Status.ERRORED, error={"code": 1012, "message": "user_cancelled"})
    sync_import(world)

    applied = apply_gateway_report(read, Report("TRX_1", Status.USED), world.sync_context)

    assert applied.status is Status.ERRORED
    assert world.transaction("TRX_1") == applied
