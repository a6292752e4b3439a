"""Faults give holdings that are wrong, halved or still being updated."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import AUTH_ID, import_holdings, put_zerodha_account
from tests.unit.sandbox.faults import add_fault, data_with
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def before(control: Control, partner: Partner) -> dict[str, Any]:
    """The holdings of an account that has imported an hour ago."""
    control.put_account(smallcaseAuthId=AUTH_ID)
    import_holdings(control, partner)
    control.advance(3600)
    return partner.holdings(AUTH_ID)


def test_an_empty_portfolio_is_empty(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    nothing: dict[str, Any] = {
        "securities": [],
        "smallcases": {"public": [], "private": {"stats": {"currentValue": 0, "totalReturns": 0}}},
        "mutualFunds": {"holdings": []},
    }
    assert data_with(control, partner, "empty_portfolio") == before | nothing


@pytest.mark.parametrize(("held", "left"), [(1, 0), (2, 1), (3, 1), (4, 2)])
def test_half_a_portfolio_lacks_at_least_half(control: Control, partner: Partner, held: int, left: int) -> None:
    rows = [{"isin": f"INE00000000{number}"} for number in range(held)]
    control.put_account(smallcaseAuthId=AUTH_ID, portfolio={"securities": rows, "smallcases": {}})
    import_holdings(control, partner)
    before = partner.holdings(AUTH_ID)
    assert data_with(control, partner, "half_portfolio") == before | {"securities": rows[:left]}


@pytest.mark.parametrize("fault", ["empty_portfolio", "half_portfolio"])
def test_in_a_session_a_wrong_portfolio_has_a_new_date(control: Control, partner: Partner, fault: str) -> None:
    auth_id = put_zerodha_account(control, partner)
    imported = partner.holdings(auth_id)
    control.advance("PT1H")
    wrong = data_with(control, partner, fault, auth_id)
    assert imported["snapshotDate"] < wrong["snapshotDate"] <= partner.holdings(auth_id)["snapshotDate"]


@pytest.mark.parametrize("fault", ["empty_portfolio", "half_portfolio"])
def test_after_a_session_a_wrong_portfolio_has_the_date_of_the_last(
    control: Control, partner: Partner, fault: str
) -> None:
    auth_id = put_zerodha_account(control, partner)
    imported = partner.holdings(auth_id)
    control.call("POST", f"sessions/{auth_id}", alive=False)
    control.advance("PT1H")
    assert data_with(control, partner, fault, auth_id)["snapshotDate"] == imported["snapshotDate"]


@pytest.mark.usefixtures("before")
def test_a_portfolio_of_v1_can_be_halved(control: Control, partner: Partner) -> None:
    rows = partner.fetch_holdings(AUTH_ID).json()["data"]["securities"]["holdings"]
    add_fault(control, "half_portfolio")
    half = partner.fetch_holdings(AUTH_ID).json()["data"]["securities"]
    assert half == {"holdings": rows[: len(rows) // 2]}


@pytest.mark.usefixtures("before")
def test_a_portfolio_of_v1_can_be_emptied(control: Control, partner: Partner) -> None:
    add_fault(control, "empty_portfolio")
    assert partner.fetch_holdings(AUTH_ID).json()["data"]["securities"] == {"holdings": []}


def test_holdings_can_be_updating(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    assert data_with(control, partner, "updating") == before | {"updating": True}


def test_while_updating_the_last_snapshot_is_served(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    before = partner.holdings(auth_id)
    control.advance("PT1H")
    assert data_with(control, partner, "updating", auth_id) == before | {"updating": True}


def test_after_updating_there_is_a_new_snapshot(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    before = partner.holdings(auth_id)
    control.advance("PT1H")
    data_with(control, partner, "updating", auth_id)
    assert partner.holdings(auth_id)["snapshotDate"] > before["snapshotDate"]
