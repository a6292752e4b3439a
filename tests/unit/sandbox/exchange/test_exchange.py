"""The exchange executes, rejects and cancels orders (contract 5)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import INFY, ITC, TCS, order_of, place, place_open, statuses
from tests.unit.sandbox.partner import Control, Partner


def test_nobody_sells_more_than_the_account_holds(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, ITC | {"quantity": 26})
    assert order_of(batch, "ITC")["errorCode"] == "checkHoldings"


def test_nobody_sells_what_the_account_does_not_hold(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, INFY | {"type": "SELL"})
    assert order_of(batch, "INFY")["errorCode"] == "checkHoldings"


def test_a_scenario_can_sell_more_than_the_account_holds(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, ITC | {"quantity": 26}, orders={"ITC": {"result": "fill"}})
    assert batch["status"] == "COMPLETED"


def test_a_security_that_is_not_listed_is_unplaced(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS | {"ticker": "NOSUCH"}, TCS)
    assert [order["tradingsymbol"] for order in batch["unplaced"]] == ["NOSUCH"]


def test_a_security_that_is_not_listed_stops_no_other(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS | {"ticker": "NOSUCH"}, TCS)
    assert statuses(batch) == {"NOSUCH": "ERROR", "TCS": "COMPLETE"}


def test_a_batch_with_an_unplaced_order_is_partially_filled(control: Control, partner: Partner, auth_id: str) -> None:
    assert place(control, partner, TCS | {"ticker": "NOSUCH"}, TCS)["status"] == "PARTIALLYFILLED"


LIMIT = TCS | {"orderType": "LIMIT", "validity": "DAY", "price": 3100.05}


def test_a_limit_order_keeps_its_type(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(place(control, partner, LIMIT), "TCS")["orderType"] == "LIMIT"


def test_a_limit_order_is_filled_at_its_price(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(place(control, partner, LIMIT), "TCS")["averagePrice"] == 3100.05


STEPS: list[dict[str, Any]] = [
    {"result": "partial", "filled": 3, "price": 101.1},
    {"result": "partial", "quantity": 6, "filled": 5, "price": 99},
    {"result": "fill", "price": 98},
]


def fill_step_by_step(control: Control, partner: Partner) -> str:
    """The transaction of an order that is filled in four steps, and modified by the user in the third."""
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, orders={"TCS": {"result": "partial", "filled": 1, "price": 100}})
    batch_id = partner.batch(transaction_id)["batchId"]
    for step in STEPS:
        control.step(batch_id, "TCS", **step)
    return transaction_id


def test_the_last_step_completes_the_order(control: Control, partner: Partner, auth_id: str) -> None:
    batch = partner.batch(fill_step_by_step(control, partner))
    assert order_of(batch, "TCS")["status"] == "COMPLETE"


def test_the_last_step_completes_the_transaction(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.details(fill_step_by_step(control, partner))["status"] == "COMPLETED"


def test_a_step_can_change_the_quantity(control: Control, partner: Partner, auth_id: str) -> None:
    order = order_of(partner.batch(fill_step_by_step(control, partner)), "TCS")
    assert (order["quantity"], order["filledQuantity"]) == (6, 6)


def test_the_average_price_is_that_of_all_steps(control: Control, partner: Partner, auth_id: str) -> None:
    order = order_of(partner.batch(fill_step_by_step(control, partner)), "TCS")
    assert order["averagePrice"] == pytest.approx((100 + 2 * 101.1 + 2 * 99 + 98) / 6)


def test_an_open_order_has_no_average_price(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    assert "averagePrice" not in order_of(control.step(batch["batchId"], "TCS", "partial", filled=3), "TCS")


def webhooks_in_order(control: Control, partner: Partner) -> list[dict[str, Any]]:
    """The webhooks about an order that is filled step by step, by their timestamp."""
    fill_step_by_step(control, partner)
    control.wait_for_deliveries(5)
    return sorted(partner.bodies, key=lambda body: str(body["timestamp"]))


def test_every_step_publishes_a_webhook(control: Control, partner: Partner, auth_id: str) -> None:
    bodies = webhooks_in_order(control, partner)
    assert [body["orders"][0]["filledQuantity"] for body in bodies] == [0, 1, 3, 5, 6]


def test_no_two_webhooks_have_the_same_checksum(control: Control, partner: Partner, auth_id: str) -> None:
    """A partner that recognises duplicates by their checksum would lose webhooks otherwise."""
    assert len({body["checksum"] for body in webhooks_in_order(control, partner)}) == 5


def test_a_step_can_hold_back_its_webhook(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    control.step(batch["batchId"], "TCS", "partial", webhooks="hold")
    assert [held["status"] for held in control.held_webhooks()] == ["PLACED"]


def test_the_webhooks_of_later_steps_are_held_back_too(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    control.step(batch["batchId"], "TCS", "partial", webhooks="hold")
    control.step(batch["batchId"], "TCS", "fill")
    assert [held["status"] for held in control.held_webhooks()] == ["PLACED", "COMPLETED"]


@pytest.fixture
def cancelled_after_a_part(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    return control.step(place_open(control, partner)["batchId"], "TCS", "cancel", filled=3)


def test_a_cancelled_order_keeps_its_filled_shares(cancelled_after_a_part: dict[str, Any]) -> None:
    assert order_of(cancelled_after_a_part, "TCS")["filledQuantity"] == 3


def test_a_cancelled_order_is_cancelled_even_with_filled_shares(cancelled_after_a_part: dict[str, Any]) -> None:
    assert statuses(cancelled_after_a_part) == {"TCS": "CANCELLED"}


def test_a_cancelled_order_has_no_average_price(cancelled_after_a_part: dict[str, Any]) -> None:
    assert "averagePrice" not in order_of(cancelled_after_a_part, "TCS")


def test_a_batch_without_complete_orders_is_unfilled(cancelled_after_a_part: dict[str, Any]) -> None:
    assert cancelled_after_a_part["status"] == "UNFILLED"


def test_the_amount_counts_the_shares_of_a_cancelled_order(cancelled_after_a_part: dict[str, Any]) -> None:
    assert cancelled_after_a_part["buyAmount"] > 0


def give_up(control: Control, partner: Partner) -> tuple[str, str]:
    """The transaction and the batch of an order for which the SDK has stopped waiting."""
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, "order_pending")
    return transaction_id, partner.batch(transaction_id)["batchId"]


def test_an_order_goes_on_after_the_sdk_has_stopped_waiting(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = give_up(control, partner)
    assert partner.batch(transaction_id)["status"] == "PLACED"


def test_an_order_that_goes_on_was_sent(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = give_up(control, partner)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": True}


def test_a_later_step_makes_the_transaction_process_again(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, batch_id = give_up(control, partner)
    control.step(batch_id, "TCS", "partial")
    assert partner.details(transaction_id)["status"] == "PROCESSING"


def test_a_later_step_removes_the_error(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, batch_id = give_up(control, partner)
    control.step(batch_id, "TCS", "partial")
    assert "error" not in partner.details(transaction_id)


def test_a_later_fill_completes_the_transaction(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, batch_id = give_up(control, partner)
    control.step(batch_id, "TCS", "fill")
    assert partner.details(transaction_id)["status"] == "COMPLETED"


def test_later_steps_publish_webhooks(control: Control, partner: Partner, auth_id: str) -> None:
    _, batch_id = give_up(control, partner)
    control.step(batch_id, "TCS", "partial")
    control.step(batch_id, "TCS", "fill")
    assert len(control.wait_for_deliveries(3)) == 3
