"""Webhooks can be held back and released later, in any order."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox.examples import A_MOMENT, TCS, between, import_holdings
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def held_import(control: Control, partner: Partner, auth_id: str) -> str:
    """An import whose webhook is held back since an hour."""
    transaction_id = import_holdings(control, partner, webhooks="hold")
    control.advance(3600)
    return transaction_id


@pytest.mark.usefixtures("held_import")
def test_a_held_webhook_is_not_sent(partner: Partner) -> None:
    assert partner.received == []


def test_firing_sends_the_held_webhook(control: Control, held_import: str) -> None:
    (delivery,) = control.fire(transactionId=held_import)
    assert delivery["status"] == 200


def test_a_held_webhook_has_the_time_of_its_event(control: Control, partner: Partner, held_import: str) -> None:
    completed_at = partner.details(held_import)["updatedAt"]
    control.fire(transactionId=held_import)
    assert abs(between(completed_at, partner.bodies[0]["timestamp"])) < A_MOMENT


def test_a_held_webhook_is_fired_once_only(control: Control, partner: Partner, held_import: str) -> None:
    control.fire(transactionId=held_import)
    control.fire(transactionId=held_import)
    first, second = partner.bodies
    assert between(first["timestamp"], second["timestamp"]) > timedelta(minutes=30)


@pytest.fixture
def transaction_id(control: Control, partner: Partner, auth_id: str) -> str:
    """An order with three held webhooks: placed, partially filled and complete."""
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, orders={"TCS": {"result": "partial"}}, webhooks="hold")
    control.step(partner.batch(transaction_id)["batchId"], "TCS", "fill")
    return transaction_id


@pytest.fixture
def ids(control: Control, transaction_id: str) -> list[str]:
    return [held["id"] for held in control.held_webhooks()]


def test_held_webhooks_are_listed_in_the_order_of_their_events(control: Control, transaction_id: str) -> None:
    assert [held["status"] for held in control.held_webhooks()] == ["PLACED", "PLACED", "COMPLETED"]


def test_held_webhooks_are_listed_with_kind_and_transaction(control: Control, transaction_id: str) -> None:
    listed = {(held["kind"], held["transactionId"]) for held in control.held_webhooks()}
    assert listed == {("order", transaction_id)}


def test_webhooks_are_released_in_the_order_of_the_call(control: Control, partner: Partner, ids: list[str]) -> None:
    placed, _, complete = ids
    control.release(complete, placed)
    assert [body["status"] for body in partner.bodies] == ["COMPLETED", "PLACED"]


def test_the_call_answers_the_deliveries(control: Control, ids: list[str]) -> None:
    assert [delivery["status"] for delivery in control.release(*ids)] == [200, 200, 200]


def test_a_webhook_that_is_released_again_is_a_duplicate(control: Control, partner: Partner, ids: list[str]) -> None:
    control.release(ids[0], ids[0])
    first, second = partner.received
    assert first == second


def test_a_released_webhook_is_no_longer_held(control: Control, ids: list[str]) -> None:
    placed, partial, complete = ids
    control.release(complete, placed)
    assert [held["id"] for held in control.held_webhooks()] == [partial]


def test_webhooks_can_be_released_in_parallel(control: Control, ids: list[str]) -> None:
    assert len(control.release(*ids, parallel=True)) == 3


def test_every_release_is_a_delivery(control: Control, ids: list[str]) -> None:
    control.release(*ids)
    control.release(ids[0])
    assert len(control.deliveries()) == 4


def test_only_held_webhooks_can_be_released(control: Control) -> None:
    answer = control.client.post("/_sandbox/webhooks/release", json={"ids": ["whk_0"]})
    assert answer.status_code == 404


def test_a_refused_release_sends_nothing(control: Control, partner: Partner, ids: list[str]) -> None:
    body: dict[str, Any] = {"ids": [ids[0], "whk_0"]}
    control.client.post("/_sandbox/webhooks/release", json=body)
    assert partner.received == []
