"""Read a transaction or an order of the user: Gateway is asked first while it is open."""

import pytest

from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.transactions.read import read_order, read_transaction
from testing.market_times import MINUTE, SECOND
from testing.reconciliations import FOUR, report, world_with_open_import
from testing.world import World

BATCH = {
    "batchId": "batch-1",
    "status": "PLACED",
    "orders": [{"tradingsymbol": "AXISBANK", "transactionType": "BUY", "status": "PLACED", "quantity": 10}],
}


@pytest.fixture
def world() -> World:
    return world_with_open_import()


@pytest.fixture
def ordering() -> World:
    """A user has placed an order with TRX_1, and no webhook has come since."""
    world = World()
    world.begin_order("TRX_1")
    world.report_order("TRX_1", "a", Status.PROCESSING, BATCH)
    return world


def read(world: World, *, user: str = "user-1") -> Transaction:
    return read_transaction("TRX_1", user=user, context=world.sync_context)


def test_an_open_transaction_is_read_as_gateway_reports_it(world: World) -> None:
    world.complete_login("TRX_1", "a")

    found = read(world)

    assert (found.status, found.is_settled) == (Status.COMPLETED, True)
    assert world.stored_holdings("a") == FOUR


def test_a_settled_transaction_is_read_as_it_is_stored(world: World) -> None:
    report(world, Status.CANCELLED)
    settled = read(world)
    world.now += MINUTE

    assert read(world) == settled
    assert world.calls_for("TRX_1") == 1


def test_gateway_is_asked_at_most_every_two_seconds(world: World) -> None:
    read(world)
    world.now += SECOND
    read(world)
    assert world.calls_for("TRX_1") == 1

    world.now += SECOND
    read(world)
    assert world.calls_for("TRX_1") == 2


def test_while_gateway_is_away_a_transaction_is_read_as_it_is_stored(world: World) -> None:
    world.gateway.permanent_fault = "500"

    assert read(world).status is Status.INITIALIZED


@pytest.mark.parametrize("user", ["user-1", "user-2"])
def test_an_unknown_transaction_or_of_another_user_is_not_found(user: str) -> None:
    world = World()
    if user == "user-2":
        world.begin_transaction("TRX_1")

    with pytest.raises(NotFound):
        read(world, user=user)
    assert world.gateway.calls == []


# Orders ----------------------------------------------------------------------------------------


def test_an_open_order_is_read_with_its_batches_as_gateway_reports_them(ordering: World) -> None:
    transaction, batches = read_order("TRX_1", user="user-1", context=ordering.sync_context)

    assert transaction == ordering.transaction("TRX_1")
    assert (transaction.status, transaction.has_orders) == (Status.PROCESSING, True)
    assert batches == ordering.batches.of("TRX_1")
    assert [recorded.batch.id for recorded in batches] == ["batch-1"]


def test_while_gateway_is_away_an_order_is_read_as_it_is_stored(ordering: World) -> None:
    stored = read_order("TRX_1", user="user-1", context=ordering.sync_context)[1]
    ordering.gateway.permanent_fault = "500"
    ordering.now += MINUTE

    assert read_order("TRX_1", user="user-1", context=ordering.sync_context)[1] == stored != []


def test_an_order_of_another_user_is_not_found(ordering: World) -> None:
    with pytest.raises(NotFound):
        read_order("TRX_1", user="user-2", context=ordering.sync_context)
    assert ordering.gateway.calls == []


def test_a_transaction_that_places_no_order_is_not_found_as_an_order(world: World) -> None:
    with pytest.raises(NotFound, match="places no order"):
        read_order("TRX_1", user="user-1", context=world.sync_context)
    assert world.gateway.calls == []
