"""Investments in smallcases, as partners and the control API see them (contract 2.8)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import ISCID, OTHER_AUTH_ID, complete
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def investment(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """An investment that should be rebalanced."""
    body = {"recommendedAction": "REBALANCE", "scid": "SCNM_0007", "name": "Momentum"}
    control.call("PUT", f"investments/{auth_id}/{ISCID}", **body)
    return partner.investment(auth_id, ISCID)


def test_it_has_its_ids(investment: dict[str, Any]) -> None:
    assert (investment["iscid"], investment["scid"]) == (ISCID, "SCNM_0007")


def test_it_has_its_name(investment: dict[str, Any]) -> None:
    assert investment["name"] == "Momentum"


def test_it_has_its_recommended_action(investment: dict[str, Any]) -> None:
    assert investment["recommendedAction"] == "REBALANCE"


def test_it_has_no_pending_after_market_orders(investment: dict[str, Any]) -> None:
    assert investment["flags"] == {"amoPending": False}


def test_it_has_constituents(investment: dict[str, Any]) -> None:
    assert {"ticker", "shares", "averagePrice"} <= set(investment["currentConfig"]["constituents"][0])


def test_the_control_call_answers_it(control: Control, auth_id: str, investment: dict[str, Any]) -> None:
    body = {"recommendedAction": "REBALANCE"}
    assert control.call("PUT", f"investments/{auth_id}/{ISCID}", **body) == {"investment": investment}


@pytest.mark.usefixtures("investment")
def test_an_order_takes_the_recommended_action(control: Control, partner: Partner, auth_id: str) -> None:
    complete(control, partner, partner.new_smallcase_order("REBALANCE", auth_id, iscid=ISCID))
    assert partner.investment(auth_id, ISCID)["recommendedAction"] is None


@pytest.mark.usefixtures("investment")
def test_another_investment_is_invalid(partner: Partner, auth_id: str) -> None:
    assert partner.fetch_investment(auth_id, "0" * 24).status_code == 400


@pytest.mark.usefixtures("investment")
def test_another_account_does_not_see_it(partner: Partner) -> None:
    assert partner.fetch_investment(OTHER_AUTH_ID, ISCID).status_code == 400


@pytest.mark.usefixtures("investment")
def test_a_guest_sees_no_investments(partner: Partner) -> None:
    assert partner.fetch_investment(None, ISCID).status_code == 403
