"""A cancellation that has ended, well or not, syncs the order it was about."""

from typing import Any

import pytest

from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from testing.gateway import orders_of
from testing.order_world import (
    ACCOUNT,
    ISCID,
    PART,
    PLACED,
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


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.ERRORED])
def test_a_cancellation_of_after_market_orders_brings_those_of_the_investment_forward(
    world: World, status: Status
) -> None:
    placed = {"TRX_2": ISCID, "TRX_3": "another"}
    for transaction_id, iscid in placed.items():
        rebalance = OrderRequest("REBALANCE", iscid=iscid)
        world.begin_order(transaction_id, account_id=ACCOUNT, order=rebalance)
        report_batches(world, transaction_id, iscid, Status.PROCESSING, PLACED)
        pull(world, transaction_id)
    cancellation = OrderRequest(iscid=ISCID)
    world.begin_transaction("TRX_4", intent=Intent.CANCEL_AMO, order=cancellation, requested_account_id=ACCOUNT)
    world.report_order("TRX_4", ACCOUNT, status)
    cancelled = batch("CANCELLED", stock("CANCELLED AMO"))
    for transaction_id, iscid in placed.items():
        report_batches(world, transaction_id, iscid, Status.COMPLETED, cancelled)
    pull(world, "TRX_4")

    assert state(world, "TRX_2") == ("CANCELLED", 0, 2)
    assert state(world, "TRX_3") == ("PLACED", 0, 1)


def report_batches(world: World, transaction_id: str, iscid: str, status: Status, reported: dict[str, Any]) -> None:
    """Those of a smallcase come with the transaction's details."""
    world.report_order(transaction_id, ACCOUNT, status)
    world.gateway.transactions[transaction_id] |= {"success": {"data": {"batches": [reported], "iscid": iscid}}}


@pytest.mark.parametrize(("status", "calls"), [(Status.ERRORED, 1), (Status.PROCESSING, 0)])
def test_a_cancellation_asks_about_its_order_when_it_has_ended_well_or_not(
    world: World, status: Status, calls: int
) -> None:
    """A failed one may have lost against a fill."""
    about = OrderRequest(batch_id="batch-1", ticker="AXISBANK", about="TRX_1")
    world.begin_transaction("TRX_2", intent=Intent.CANCEL_ORDER, order=about)
    world.report_order("TRX_2", ACCOUNT, status)
    pull(world, "TRX_2")

    assert world.calls_for(orders_of("TRX_1")) == calls
