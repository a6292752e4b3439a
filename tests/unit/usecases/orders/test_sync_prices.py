"""A price of zero is not known yet: it replaces no price, and the schedule asks for it (contract 5.3)."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.contracts.events.details import OrderUpdated
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import PRICES_AWAITED_FOR
from gateway_backend.usecases.transactions.read import read_order
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from testing.portfolios import FIXTURES
from testing.world import World

CASE = json.loads((FIXTURES / "order-complete-at-zero.json").read_text())


@pytest.fixture
def world() -> World:
    world = World()
    world.link("account-1")
    world.begin_order("TRX_1")
    return world


def report(world: World, batch: dict[str, Any]) -> None:
    world.report_order("TRX_1", "account-1", Status.COMPLETED, batch)


def price(world: World) -> Decimal | None:
    ((order,),) = (recorded.batch.orders for recorded in world.batches.of("TRX_1"))
    return order.average_price


def read(world: World) -> None:
    world.now += timedelta(minutes=1)
    read_order("TRX_1", user="user-1", context=world.sync_context)


def run_schedule(world: World) -> None:
    world.now += timedelta(hours=1)
    reconcile_transactions(world.reconcile_context)


def test_a_price_of_zero_is_shown_as_not_known(world: World) -> None:
    report(world, CASE["later"])
    read(world)

    assert price(world) is CASE["expectedAveragePrice"]["later alone"]
    assert world.transaction("TRX_1").is_settled


def test_a_price_of_zero_replaces_no_price(world: World) -> None:
    report(world, CASE["first"])
    read(world)
    report(world, CASE["later"])
    run_schedule(world)

    assert str(price(world)) == str(CASE["expectedAveragePrice"]["first then later"])


def test_the_schedule_brings_the_price_as_a_step_of_its_own(world: World) -> None:
    report(world, CASE["later"])
    read(world)
    events = world.record_events()
    report(world, CASE["first"])

    run_schedule(world)

    assert price(world) == Decimal("18.95")
    assert [event.revision for event in events if isinstance(event, OrderUpdated)] == [2]


def test_a_price_that_never_comes_is_given_up_after_a_day(world: World) -> None:
    report(world, CASE["later"])
    read(world)
    for _ in range(PRICES_AWAITED_FOR // timedelta(hours=1) + 1):
        run_schedule(world)
    calls = world.calls_for("TRX_1")

    run_schedule(world)

    assert world.calls_for("TRX_1") == calls
