"""On the order screen, the user edits and confirms orders (contract 2.2)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS, order_of, place, statuses
from tests.unit.sandbox.partner import Control, Partner


def test_the_user_can_change_the_quantity(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"quantity": 7}})
    assert order_of(batch, "TCS")["quantity"] == 7


def test_a_changed_quantity_is_filled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"quantity": 7}})
    assert order_of(batch, "TCS")["filledQuantity"] == 7


def test_the_user_can_change_the_side(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"type": "SELL"}})
    assert order_of(batch, "TCS")["transactionType"] == "SELL"


def test_the_user_can_decide_on_the_quantity(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, {"ticker": "INFY"}, orders={"INFY": {"quantity": 3}})
    assert order_of(batch, "INFY")["quantity"] == 3


def test_without_any_quantity_a_single_share_is_ordered(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(place(control, partner, {"ticker": "TCS"}), "TCS")["quantity"] == 1


def test_without_any_side_shares_are_bought(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(place(control, partner, {"ticker": "TCS"}), "TCS")["transactionType"] == "BUY"


def test_the_user_can_remove_a_security(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS, TCS | {"ticker": "INFY"}, orders={"TCS": {"result": "removed"}})
    assert statuses(batch) == {"INFY": "COMPLETE"}


@pytest.mark.parametrize(
    ("scenario", "detail"),
    [
        ({"orders": {"WIPRO": {"result": "fill"}}}, "order screen"),
        ({"orders": {"TCS": {"result": "removed"}}}, "took everything out"),
        ({"action_required": True}, "smallcase"),
    ],
)
def test_what_the_order_screen_does_not_allow_is_explained(
    control: Control, partner: Partner, auth_id: str, scenario: dict[str, Any], detail: str
) -> None:
    answer = control.try_scenario(partner.new_order(TCS), broker="groww", account="AB1234", **scenario)
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]
