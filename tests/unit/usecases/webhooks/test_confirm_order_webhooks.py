"""An order webhook only says when to ask: Gateway confirms it, or it is quarantined."""

from typing import Any

import pytest

from gateway_backend.contracts.events.details import OrderUpdated
from gateway_backend.domain.shared.errors import GatewayUnavailable, NotYet
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.gateway import orders_of
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    PART,
    PLACED,
    batch,
    order_webhook,
    pull,
    recorded_batch,
    state,
    stock,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def test_a_webhook_that_agrees_with_gateway_is_confirmed(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(world.receive_webhook(order_webhook(COMPLETED))) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 1)


def test_the_same_webhook_again_has_no_effect(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    first, events = world.receive_webhook(order_webhook(PART)), world.record_events()
    for _ in range(3):
        world.apply_receipt(first)
    later = world.receive_webhook(order_webhook(PART), timestamp="2026-11-20T06:31:00.000Z")

    assert world.apply_receipt(later) == ("APPLIED", "CONFIRMED")
    assert sum(isinstance(event, OrderUpdated) for event in events) == 1


FORGED = {
    "further on": COMPLETED,
    "more shares": batch("PLACED", stock(filled=9)),
    "another end": batch("CANCELLED", stock("CANCELLED", filled=4)),
    "another stock": batch("PLACED", stock(ticker="HDFCBANK")),
    "another batch": batch("PLACED", batchId="batch-9"),
    "one more": batch("PLACED", stock(filled=4), stock(ticker="HDFCBANK")),
    "nothing": PART | {"orderBatches": []},
}


@pytest.mark.parametrize("claimed", FORGED.values(), ids=list(FORGED))
def test_a_forged_webhook_is_asked_about_three_times_and_then_quarantined(
    world: World, claimed: dict[str, Any]
) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    forged = world.receive_webhook(order_webhook(claimed))
    for attempt in range(1, ATTEMPTS_BEFORE_QUARANTINE):
        with pytest.raises(NotYet):
            world.apply_receipt(forged, attempt)

    assert world.apply_receipt(forged, ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "NOT_CONFIRMED")
    assert state(world) == ("PLACED", 4, 1)


def test_a_webhook_that_is_ahead_of_gateways_answers_is_confirmed_once_they_follow(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)
    early = world.receive_webhook(order_webhook(COMPLETED))
    with pytest.raises(NotYet):
        world.apply_receipt(early, 1)
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(early, 2) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 2)


@pytest.mark.parametrize(
    "changes",
    [{"buyAmount": 42010}, {"orders": [stock("COMPLETE", 10, averagePrice=1)]}, {"status": "PARTIALLYFILLED"}],
)
def test_a_forged_end_is_quarantined_and_what_gateway_says_is_kept(world: World, changes: dict[str, Any]) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(
        world.receive_webhook(order_webhook(COMPLETED | changes)), ATTEMPTS_BEFORE_QUARANTINE
    ) == (
        "QUARANTINED",
        "NOT_CONFIRMED",
    )
    assert state(world) == ("COMPLETED", 10, 1)
    assert recorded_batch(world).batch.buy_amount == 4201


def test_placed_after_completed_is_confirmed_and_changes_nothing(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    pull(world)
    events = world.record_events()

    assert world.apply_receipt(world.receive_webhook(order_webhook(PLACED))) == ("APPLIED", "CONFIRMED")
    assert state(world) == ("COMPLETED", 10, 1)
    assert events == []


def test_a_webhook_about_a_transaction_that_is_not_ours_is_quarantined(world: World) -> None:
    assert world.apply_receipt(world.receive_webhook(order_webhook(COMPLETED, "TRX_9"))) == (
        "QUARANTINED",
        "UNKNOWN_TRANSACTION",
    )
    assert world.batches.of("TRX_9") == []


def test_an_order_of_a_transaction_that_places_none_is_quarantined(world: World) -> None:
    world.begin_transaction("TRX_2")

    assert world.apply_receipt(world.receive_webhook(order_webhook(COMPLETED, "TRX_2"))) == (
        "QUARANTINED",
        "INTENT_MISMATCH",
    )
    assert world.batches.of("TRX_2") == []


def test_a_webhook_for_another_account_is_quarantined(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)

    forged = world.receive_webhook(order_webhook(COMPLETED, account="account-9"))
    assert world.apply_receipt(forged) == ("QUARANTINED", "ACCOUNT_MISMATCH")


@pytest.mark.parametrize("changes", [{"batchId": ""}, {"batchId": ["b"]}, {"batchId": "b" * 200}])
def test_a_batch_that_cannot_be_read_is_quarantined(world: World, changes: dict[str, Any]) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.PROCESSING, PART)

    assert world.apply_receipt(world.receive_webhook(order_webhook(PART | changes))) == (
        "QUARANTINED",
        "BATCH_UNREADABLE",
    )
    assert state(world) == ("PLACED", 4, 1)


def test_while_gateway_is_away_a_webhook_waits(world: World) -> None:
    world.report_order("TRX_1", ACCOUNT, Status.COMPLETED, COMPLETED)
    waiting = world.receive_webhook(order_webhook(COMPLETED))
    for subject in ("TRX_1", orders_of("TRX_1")):
        world.fail_next(subject, "500")
        with pytest.raises(GatewayUnavailable):
            world.apply_receipt(waiting)

    assert world.apply_receipt(waiting) == ("APPLIED", "CONFIRMED")


def test_a_webhook_of_an_order_in_somebody_elses_account_is_quarantined_and_the_order_followed(world: World) -> None:
    world.begin_order("TRX_2", user="user-2")
    world.report_order("TRX_2", ACCOUNT, Status.COMPLETED, COMPLETED)

    assert world.apply_receipt(world.receive_webhook(order_webhook(COMPLETED, "TRX_2"))) == (
        "QUARANTINED",
        "ACCOUNT_OF_ANOTHER_USER",
    )
    assert state(world, "TRX_2") == ("COMPLETED", 10, 1)
