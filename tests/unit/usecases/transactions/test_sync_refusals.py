"""Sync a transaction whose account may not be linked: the refusal is stored, and an order is followed all the same."""

import pytest

from gateway_backend.domain.shared.errors import AccountMismatch, AccountOfAnotherUser, ConnectionWithdrawn
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.usecases.transactions.sync import apply_gateway_report
from testing.gateway import orders_of
from testing.market_times import MINUTE
from testing.reconciliations import apply_completion, sync_import, world_with_open_import
from testing.world import World


@pytest.fixture
def world() -> World:
    return world_with_open_import()


def other_user_owns_the_account(world: World) -> None:
    owner = world.begin_transaction("TRX_2", user="user-2")
    world.link_with(owner, "a", "kite")


def test_the_account_of_another_user_is_refused_and_the_refusal_stored(world: World) -> None:
    other_user_owns_the_account(world)

    with pytest.raises(AccountOfAnotherUser):
        apply_completion(world)
    stored = world.transaction("TRX_1")
    assert (stored.link_refusal, stored.is_settled) == (AccountOfAnotherUser.code, True)
    assert stored.status is Status.INITIALIZED


def test_another_account_than_the_requested_is_refused_and_the_refusal_stored() -> None:
    world = World()
    world.begin_transaction("TRX_1", requested_account_id="b")

    with pytest.raises(AccountMismatch):
        apply_completion(world)
    assert world.transaction("TRX_1").link_refusal == AccountMismatch.code
    assert world.connections.find("a") is None


def test_an_account_that_was_unlinked_since_the_start_is_refused_and_the_refusal_stored(world: World) -> None:
    world.link("a")
    world.now += MINUTE
    world.unlink("a")

    with pytest.raises(ConnectionWithdrawn):
        apply_completion(world)
    assert world.transaction("TRX_1").link_refusal == ConnectionWithdrawn.code
    assert world.connections.find("a") is None


def test_a_sync_whose_link_is_refused_gives_the_refused_transaction(world: World) -> None:
    other_user_owns_the_account(world)
    world.complete_login("TRX_1", "a")

    synced = sync_import(world)

    assert synced == world.transaction("TRX_1")
    assert synced.link_refusal == AccountOfAnotherUser.code


def test_an_account_that_is_unlinked_before_its_import_is_refused_as_withdrawn(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.client.before_next(["update_item"], lambda: world.unlink("a"))

    synced = sync_import(world)

    assert (synced.link_refusal, synced.result_persisted) == (ConnectionWithdrawn.code, False)
    assert (world.connections.find("a"), world.calls_for("a")) == (None, 0)


def test_an_account_that_is_unlinked_during_its_import_is_refused_as_withdrawn(world: World) -> None:
    world.complete_login("TRX_1", "a")

    def during_pull() -> None:
        world.gateway.before_reply = lambda: world.unlink("a")

    world.gateway.before_reply = during_pull
    synced = sync_import(world)

    assert (synced.link_refusal, synced.result_persisted) == (ConnectionWithdrawn.code, False)
    assert (world.connections.find("a"), world.calls_for("a")) == (None, 1)


def test_an_order_in_the_account_of_another_user_is_followed_all_the_same() -> None:
    """The user has placed it, and must learn what became of it."""
    world = World()
    world.begin_order("TRX_1")
    other_user_owns_the_account(world)
    orders = [{"tradingsymbol": "AXISBANK", "transactionType": "BUY", "status": "PLACED", "quantity": 10}]
    batch = {"batchId": "batch-1", "status": "PLACED", "orders": orders}
    world.report_order("TRX_1", "a", Status.PROCESSING, batch)

    with pytest.raises(AccountOfAnotherUser):
        apply_gateway_report(
            world.transaction("TRX_1"),
            Report("TRX_1", Status.PROCESSING, account_id="a", broker="kite", order_requested=True),
            world.sync_context,
        )

    (recorded,) = world.batches.of("TRX_1")
    assert (recorded.batch.id, recorded.owner) == ("batch-1", "user-1")
    assert world.transaction("TRX_1").link_refusal == AccountOfAnotherUser.code
    assert world.connection("a").owner == "user-2"


def test_an_order_in_an_account_that_was_unlinked_is_not_followed() -> None:
    world = World()
    world.begin_order("TRX_1")
    world.link("a")
    world.now += MINUTE
    world.unlink("a")

    with pytest.raises(ConnectionWithdrawn):
        apply_gateway_report(
            world.transaction("TRX_1"),
            Report("TRX_1", Status.PROCESSING, account_id="a", broker="kite", order_requested=True),
            world.sync_context,
        )
    assert world.calls_for(orders_of("TRX_1")) == 0
