"""A cancellation that has ended, well or not, syncs the order it was about."""

import pytest

from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from testing.gateway import orders_of
from testing.order_world import (
    ACCOUNT,
    PART,
    batch,
    pull,
    state,
    stock,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def test_a_cancellation_that_completed_brings_the_order_forward(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    pull(world)
    about = OrderRequest(batch_id="batch-1", ticker="AXISBANK", about="TRX_1")
    world.begin_transaction("TRX_2", intent=Intent.CANCEL_ORDER, order=about, requested_account_id=ACCOUNT)
    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED)
    world.gateway.orders["TRX_1"] = [batch("PARTIALLYFILLED", stock("CANCELLED", filled=4))]

    assert pull(world, "TRX_2").is_settled
    assert state(world) == ("PARTIALLYFILLED", 4, 2)


@pytest.mark.parametrize(("status", "asked"), [(Status.ERRORED, 1), (Status.PROCESSING, 0)])
def test_a_cancellation_asks_about_its_order_when_it_has_ended_well_or_not(
    world: World, status: Status, asked: int
) -> None:
    """A failed one may have lost against a fill."""
    about = OrderRequest(batch_id="batch-1", ticker="AXISBANK", about="TRX_1")
    world.begin_transaction("TRX_2", intent=Intent.CANCEL_ORDER, order=about)
    world.report_order("TRX_2", ACCOUNT, status)
    pull(world, "TRX_2")

    assert world.calls_for(orders_of("TRX_1")) == asked
