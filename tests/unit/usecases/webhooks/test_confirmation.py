"""What every kind of webhook asks of Gateway before it is believed."""

import json

import pytest

from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayUnavailable, NotYet
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.webhooks.confirmation import (
    ATTEMPTS_BEFORE_QUARANTINE,
    Quarantine,
    fetch_report,
    parse_receipt_body,
    unknown_to_gateway,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.link("a")
    return world


def test_gateways_own_report_is_fetched(world: World) -> None:
    report = fetch_report(world.transaction("TRX_a"), world.webhook_context())

    assert (report.status, report.account_id) == (Status.COMPLETED, "a")


@pytest.mark.parametrize(("fault", "error"), [("403", GatewayForbidden), ("503", GatewayUnavailable)])
def test_a_gateway_that_cannot_be_asked_says_nothing_of_the_webhook(
    world: World, fault: str, error: type[Exception]
) -> None:
    world.gateway.permanent_fault = fault

    with pytest.raises(error):
        fetch_report(world.transaction("TRX_a"), world.webhook_context(ATTEMPTS_BEFORE_QUARANTINE))


def test_what_gateway_does_not_know_is_quarantined_at_the_last_attempt_only(world: World) -> None:
    assert isinstance(unknown_to_gateway(world.webhook_context(1)), NotYet)
    last = unknown_to_gateway(world.webhook_context(ATTEMPTS_BEFORE_QUARANTINE))
    assert isinstance(last, Quarantine)
    assert last.reason == "UNKNOWN_TO_GATEWAY"


def test_the_numbers_of_a_body_are_exact(world: World) -> None:
    key = world.receive_webhook({"smallcaseAuthId": "a", "batchId": "b", "buyAmount": 0.1})

    assert str(parse_receipt_body(world.receipt(key), world.webhook_context())["buyAmount"]) == "0.1"


def test_a_body_that_is_no_json_any_more_is_quarantined(world: World) -> None:
    key = world.receive_webhook({"smallcaseAuthId": "a", "batchId": "b"})
    context = world.webhook_context()
    world.receipts.body = lambda key: json.dumps({"a": 1}).encode()[:-1]  # type: ignore[method-assign]

    with pytest.raises(Quarantine, match="BODY_UNREADABLE"):
        parse_receipt_body(world.receipt(key), context)
