"""When the market is open, and who may place orders when it is closed (contract 7.3)."""

import pytest

from tests.unit.sandbox.examples import EVENING, NOON, TCS
from tests.unit.sandbox.partner import Control, Partner


def test_the_market_is_always_open_by_default(control: Control) -> None:
    assert control.call("GET", "market") == {"open": True, "amo": True, "isOpen": True}


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (NOON, True),
        (EVENING, False),
        ("2026-08-07T09:14:00+05:30", False),
        ("2026-08-07T09:15:00+05:30", True),
        ("2026-08-07T15:29:00+05:30", True),
        ("2026-08-07T15:30:00+05:30", False),
        ("2026-08-08T12:00:00+05:30", False),
    ],
)
def test_the_market_can_follow_nses_hours(control: Control, now: str, is_open: bool) -> None:
    control.set_clock(now)
    assert control.call("PUT", "market", open=None) == {"open": None, "amo": True, "isOpen": is_open}


def test_a_setting_that_is_left_out_stays(control: Control) -> None:
    control.call("PUT", "market", open=False)
    assert control.call("PUT", "market", amo=False)["open"] is False


def test_a_closed_market_rejects_an_order(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    rejected = control.run_scenario(partner.new_order(TCS))["rejected"]
    assert rejected == {"message": "market_closed", "code": 4004}


def test_the_rejected_order_ends_its_transaction(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["status"] == "ERRORED"


def test_the_rejected_order_is_in_the_details_as_an_error(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["error"]["code"] == 4004


def test_the_rejected_order_is_not_sent(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": False}


def test_imports_need_no_open_market(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    assert "resolved" in control.run_scenario(partner.new_transaction())


def test_brokers_can_refuse_orders_after_hours(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False, amo=False)
    assert control.run_scenario(partner.new_order(TCS), amo=True)["rejected"]["code"] == 4004


def test_a_smallcase_order_in_a_closed_market_has_its_own_code(
    control: Control, partner: Partner, auth_id: str
) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_smallcase_order("BUY", scid="SCAW_0001")
    assert control.run_scenario(transaction_id)["rejected"]["code"] == 4005
