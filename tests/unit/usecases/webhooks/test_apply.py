"""A webhook is applied once, and only what Gateway confirms about a transaction of ours."""

from typing import Any

import pytest

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayUnavailable, NotYet
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.webhooks.receipt import ReceiptKey
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.contexts import REPLAY_WINDOW
from testing.market_times import HOUR, MINUTE, SECOND
from testing.webhook_bodies import has_body, holdings, pending_after
from testing.world import World


@pytest.fixture
def world() -> World:
    """User 1 has logged in to account a with TRX_1. Gateway has recorded that; we have not yet."""
    world = World()
    world.begin_transaction("TRX_1")
    world.complete_login("TRX_1", "a")
    return world


def receive(world: World, **more: Any) -> ReceiptKey:
    """A second after the one before: Gateway signs a date once."""
    world.now += SECOND
    return world.receive_webhook(holdings(world, **more))


def quarantined(reason: str) -> tuple[str, str]:
    return "QUARANTINED", reason


def test_a_webhook_links_the_account_and_imports_its_holdings_from_gateway(world: World) -> None:
    assert world.apply_receipt(receive(world)) == ("APPLIED", "CONFIRMED")
    assert world.connection("a").owner == "user-1"
    assert len(world.stored_holdings("a") or ()) == 4


def test_a_webhook_with_a_verdict_is_left_alone(world: World) -> None:
    key = receive(world)
    world.apply_receipt(key)
    calls = len(world.gateway.calls)

    assert world.apply_receipt(key) == ("APPLIED", "CONFIRMED")
    assert len(world.gateway.calls) == calls


def test_a_snapshot_that_we_hold_already_is_not_fetched_again(world: World) -> None:
    world.apply_receipt(receive(world))
    calls = world.calls_for("a")
    again = receive(world, snapshotDate=times.to_text(world.now - MINUTE))

    assert world.apply_receipt(again) == ("APPLIED", "CONFIRMED")
    assert world.calls_for("a") == calls


# Where it comes from --------------------------------------------------------------------------


def test_a_captured_checksum_does_not_carry_another_body(world: World) -> None:
    captured = times.to_text(world.now)
    receive(world, timestamp=captured)
    forged = receive(world, timestamp=captured, securities=[{"name": "forged"}])

    assert world.apply_receipt(forged) == quarantined("CHECKSUM_REUSED")


@pytest.mark.parametrize("side", [-1, 1], ids=["past", "future"])
def test_what_was_signed_long_before_or_after_it_came_is_quarantined(world: World, side: int) -> None:
    within, outside = (times.to_text(world.now + side * (REPLAY_WINDOW + by)) for by in (-MINUTE, MINUTE))

    assert world.apply_receipt(receive(world, timestamp=outside)) == quarantined("OUTSIDE_REPLAY_WINDOW")
    assert world.apply_receipt(receive(world, timestamp=within)) == ("APPLIED", "CONFIRMED")


def test_a_timestamp_that_is_no_date_is_quarantined(world: World) -> None:
    assert world.apply_receipt(receive(world, timestamp="yesterday")) == quarantined("TIMESTAMP_UNREADABLE")


# Which transaction it is about ----------------------------------------------------------------


def test_a_transaction_that_we_did_not_create_is_quarantined(world: World) -> None:
    assert world.apply_receipt(receive(world, transaction_id="TRX_9")) == quarantined("UNKNOWN_TRANSACTION")
    assert world.connections.find("a") is None


def test_a_transaction_of_another_intent_is_quarantined(world: World) -> None:
    world.begin_transaction("TRX_2", intent=Intent.MF_HOLDINGS_IMPORT)

    assert world.apply_receipt(receive(world, transaction_id="TRX_2")) == quarantined("INTENT_MISMATCH")


def test_an_account_other_than_the_transactions_is_quarantined(world: World) -> None:
    world.begin_transaction("TRX_2", account_id="b")

    assert world.apply_receipt(receive(world, transaction_id="TRX_2")) == quarantined("ACCOUNT_MISMATCH")


def test_an_account_that_gateway_does_not_name_is_quarantined(world: World) -> None:
    assert world.apply_receipt(receive(world, account_id="b")) == quarantined("ACCOUNT_MISMATCH")
    assert world.connections.find("b") is None


def test_the_account_of_another_user_is_quarantined(world: World) -> None:
    world.link("a")
    world.begin_transaction("TRX_2", "user-2")

    assert world.apply_receipt(receive(world, transaction_id="TRX_2")) == quarantined("ACCOUNT_OF_ANOTHER_USER")
    assert world.connection("a").owner == "user-1"


# What Gateway confirms ------------------------------------------------------------------------


def test_a_login_that_gateway_has_not_recorded_yet_is_asked_about_again(world: World) -> None:
    world.gateway.transactions["TRX_1"].pop("smallcaseAuthId")

    assert pending_after(world, receive(world), NotYet)


@pytest.mark.parametrize(
    ("subject", "fault", "error"), [("TRX_1", "503", GatewayUnavailable), ("TRX_1", "403", GatewayForbidden)]
)
def test_a_gateway_that_cannot_be_asked_leaves_the_webhook_pending(
    world: World, subject: str, fault: str, error: type[Exception]
) -> None:
    key = receive(world)
    world.fail_next(subject, fault)

    assert pending_after(world, key, error)
    assert world.apply_receipt(key) == ("APPLIED", "CONFIRMED")


def test_a_403_about_the_account_alone_says_that_its_session_is_over(world: World) -> None:
    world.apply_receipt(receive(world))
    world.now += HOUR
    newer = receive(world)
    world.fail_next("a", "403")

    assert world.apply_receipt(newer) == ("APPLIED", "NEEDS_LOGIN")


def test_a_snapshot_that_gateway_never_shows_is_quarantined_at_the_last_attempt(world: World) -> None:
    world.apply_receipt(receive(world))
    key = receive(world, snapshotDate=times.to_text(world.now + HOUR))

    assert pending_after(world, key, NotYet)
    assert world.apply_receipt(key, ATTEMPTS_BEFORE_QUARANTINE) == quarantined("NOT_CONFIRMED")
    assert has_body(world, key)


def test_the_portfolio_of_an_account_unlinked_meanwhile_is_erased(world: World) -> None:
    world.apply_receipt(receive(world))
    world.unlink("a")
    late = receive(world)

    assert world.apply_receipt(late) == quarantined("CONNECTION_WITHDRAWN")
    assert not has_body(world, late)


def test_what_shows_a_strangers_portfolio_is_erased_with_its_verdict(world: World) -> None:
    world.link("a")
    world.begin_transaction("TRX_2", "user-2")
    foreign, unknown = receive(world, transaction_id="TRX_2"), receive(world, transaction_id="TRX_9")

    for key in (foreign, unknown):
        assert world.apply_receipt(key)[0] == "QUARANTINED"
        assert not has_body(world, key)


def test_what_was_signed_before_an_unlinking_is_erased_whatever_the_verdict(world: World) -> None:
    world.apply_receipt(receive(world))
    world.now += MINUTE
    signed = times.to_text(world.now - SECOND)
    world.unlink("a")
    late = world.receive_webhook({"smallcaseAuthId": "a", "lienStatus": "CREATED", "timestamp": signed})

    assert world.apply_receipt(late) == quarantined("UNKNOWN_KIND")
    assert not has_body(world, late)
