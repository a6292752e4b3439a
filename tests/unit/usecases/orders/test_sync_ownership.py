"""An order is followed whoever owns its account now, but not after its user has withdrawn their consent."""

import pytest

from gateway_backend.contracts.events.details import OrderUpdated
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.transactions.sync import sync_if_open
from testing.market_times import MINUTE
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    PART,
    PLACED,
    pull,
    recorded_batch,
    state,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def test_an_order_in_somebody_elses_account_is_followed_and_the_account_not_linked(world: World) -> None:
    world.begin_order("TRX_2", user="user-2")
    world.report_order("TRX_2", ACCOUNT, Status.PROCESSING, PART)
    world.now += MINUTE
    transaction = sync_if_open(world.transactions.owned("TRX_2", "user-2"), world.sync_context)
    assert (transaction.link_refusal, transaction.is_settled) == ("ACCOUNT_OF_ANOTHER_USER", False)

    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, COMPLETED)
    world.now += MINUTE
    transaction = sync_if_open(world.transactions.owned("TRX_2", "user-2"), world.sync_context)

    assert transaction.is_settled
    assert (state(world, "TRX_2"), recorded_batch(world, "TRX_2").owner) == (("COMPLETED", 10, 2), "user-2")
    assert (world.connection(ACCOUNT).owner, world.connection(ACCOUNT).traded_at) == ("user-1", None)


def test_an_order_placed_after_the_consent_was_taken_back_is_not_followed(world: World) -> None:
    world.now += MINUTE
    unlink(world)
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    transaction = pull(world)

    assert (transaction.link_refusal, transaction.is_settled) == ("CONNECTION_WITHDRAWN", True)
    assert world.batches.of("TRX_1") == []


def unlink(world: World) -> None:
    world.unlink(ACCOUNT, "user-1")


def test_unlinking_erases_the_orders_and_a_late_report_does_not_bring_them_back(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PLACED)
    read_before = pull(world)
    world.now += MINUTE
    unlink(world)
    events = world.record_events()
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    sync_if_open(read_before, world.sync_context)

    assert world.batches.of("TRX_1") == []
    assert not any(isinstance(event, OrderUpdated) for event in events)
    assert world.transactions.owned("TRX_1", "user-1").order is None
