"""Holdings are served with their digits, and change by trades (contract 4)."""

import json
from typing import Any

import pytest

from tests.unit.sandbox.examples import AUTH_ID, INFY, ITC, TCS, import_holdings, place, put_zerodha_account
from tests.unit.sandbox.partner import Control, Partner

AWKWARD = """{
    "securities": [{"holdings": {"quantity": 4, "averagePrice": 36.680},
                    "positions": {"nse": {"quantity": 1, "averagePrice": 34.1},
                                  "bse": {"quantity": 1, "averagePrice": 34.1}},
                    "transactableQuantity": 5, "smallcaseQuantity": 2,
                    "nseTicker": "J&KBANK", "bseTicker": null, "isin": "INE168A01041", "name": "J&K – Bank"},
                   {"holdings": {"quantity": 1, "averagePrice": 9}, "positions": {}, "nseTicker": null,
                    "isin": "INE927X01018", "name": "Elcid"}],
    "smallcases": {"public": [],
                   "private": {"stats": {"totalReturns": 1.3100000000000023, "currentValue": 1e2}}},
    "mutualFunds": {"holdings": [{"quantity": 153.4820, "xirr": -36.65253999999927}]},
    "updating": false, "lastUpdate": "2022-03-24T11:24:01.000Z", "snapshotDate": "2022-03-24T11:24:00.871Z",
    "smallcaseAuthId": "6195e288360acf9ebc060d23", "broker": "groww"
}"""


@pytest.fixture
def awkward(control: Control, partner: Partner) -> None:
    """The awkward portfolio has been imported."""
    answer = control.client.put("/_sandbox/accounts/groww/AB1234", content=f'{{"portfolio": {AWKWARD}}}')
    assert answer.status_code == 200, answer.text
    import_holdings(control, partner)


def with_digits(text: str) -> Any:
    """The JSON with its numbers as texts, so that their digits can be compared."""
    return json.loads(text, parse_float=str, parse_int=str)


@pytest.mark.usefixtures("awkward")
def test_a_portfolio_is_served_with_its_digits(partner: Partner) -> None:
    served = partner.fetch_holdings(AUTH_ID, version="v2", mfHoldings="true")
    assert with_digits(served.text)["data"] == with_digits(AWKWARD)


@pytest.mark.usefixtures("awkward")
def test_mutual_funds_are_left_out_unless_the_query_contains_them(partner: Partner) -> None:
    assert "mutualFunds" not in partner.fetch_holdings(AUTH_ID, version="v2").json()["data"]


@pytest.mark.usefixtures("awkward")
def test_mutual_funds_are_served_when_the_query_contains_them(partner: Partner) -> None:
    assert "mutualFunds" in partner.holdings(AUTH_ID)


@pytest.mark.usefixtures("awkward")
def test_without_a_version_v1_is_served(partner: Partner) -> None:
    served = with_digits(partner.fetch_holdings(AUTH_ID).text)["data"]
    # 4 in demat, 1 and 1 of the day, 2 of them in smallcases; v1 leaves out the security without an NSE ticker.
    row = {"name": "J&K – Bank", "ticker": "J&KBANK", "exchange": "NSE", "averagePrice": "36.680", "shares": "4"}
    assert served["securities"] == {"holdings": [row]}


@pytest.mark.usefixtures("awkward")
def test_v1_has_the_portfolios_own_date(partner: Partner) -> None:
    assert partner.fetch_holdings(AUTH_ID).json()["data"]["snapshotDate"] == "2022-03-24T11:24:00.871Z"


def test_another_version_is_invalid(control: Control, partner: Partner) -> None:
    assert partner.fetch_holdings(AUTH_ID, version="v3").status_code == 400


TRADES = {"INFY": {"result": "partial", "filled": 3, "price": 1000.5}, "TCS": {"price": 3000}}


@pytest.fixture
def before(control: Control, partner: Partner, auth_id: str) -> dict[str, dict[str, Any]]:
    """The imported securities before the trades, none of which is INFY."""
    import_holdings(control, partner)
    return partner.rows(auth_id)


def trade(control: Control, partner: Partner, auth_id: str) -> dict[str, dict[str, Any]]:
    """The imported securities after a purchase of TCS and INFY and a sale of ITC."""
    place(control, partner, TCS, ITC, INFY, orders=TRADES)
    import_holdings(control, partner)
    return partner.rows(auth_id)


Rows = dict[str, dict[str, Any]]


def test_fills_are_not_in_the_holdings_before_the_next_import(
    control: Control, partner: Partner, auth_id: str, before: Rows
) -> None:
    place(control, partner, TCS, ITC, INFY, orders=TRADES)
    assert partner.rows(auth_id) == before


def test_a_purchase_is_a_position_of_the_day(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    after = trade(control, partner, auth_id)
    assert after["TCS"]["positions"]["nse"] == {"quantity": 4, "averagePrice": 3000}


def test_a_purchase_is_not_in_demat_yet(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    assert trade(control, partner, auth_id)["TCS"]["holdings"] == before["TCS"]["holdings"]


def test_purchased_shares_can_be_sold(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    after = trade(control, partner, auth_id)
    assert after["TCS"]["transactableQuantity"] == before["TCS"]["transactableQuantity"] + 4


def test_a_sale_is_a_negative_position(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    assert trade(control, partner, auth_id)["ITC"]["positions"]["nse"]["quantity"] == -5


def test_sold_shares_cannot_be_sold_again(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    after = trade(control, partner, auth_id)
    assert after["ITC"]["transactableQuantity"] == before["ITC"]["transactableQuantity"] - 5


def test_the_account_had_no_infy(before: Rows) -> None:
    assert "INFY" not in before


def test_a_first_purchase_adds_the_security(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    assert trade(control, partner, auth_id)["INFY"]["isin"] == "INE009A01021"


def test_only_filled_shares_are_held(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    assert trade(control, partner, auth_id)["INFY"]["positions"]["nse"] == {"quantity": 3, "averagePrice": 1000.5}


def test_only_filled_shares_can_be_sold(control: Control, partner: Partner, auth_id: str, before: Rows) -> None:
    assert trade(control, partner, auth_id)["INFY"]["transactableQuantity"] == 3


def test_a_position_has_the_average_price_of_its_fills(control: Control, partner: Partner, auth_id: str) -> None:
    later = {"after": 1, "result": "fill", "price": 110}
    place(control, partner, INFY, orders={"INFY": {"result": "partial", "filled": 1, "price": 100, "later": later}})
    control.advance(1)
    import_holdings(control, partner)
    position = partner.rows(auth_id)["INFY"]["positions"]["nse"]
    assert position == {"quantity": 10, "averagePrice": pytest.approx(109)}


def test_a_pending_order_keeps_the_shares_that_it_has_filled(control: Control, partner: Partner, auth_id: str) -> None:
    orders = {"INFY": {"result": "partial", "filled": 3}}
    control.run_scenario(partner.new_order(INFY), "order_pending", orders=orders, webhooks="drop")
    import_holdings(control, partner)
    assert partner.rows(auth_id)["INFY"]["transactableQuantity"] == 3


def test_zerodhas_fills_are_in_the_holdings_at_the_next_pull(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    place(control, partner, INFY, broker="kite", account="ZE1234")
    assert "INFY" in partner.rows(auth_id)


def test_a_fill_removes_the_dates_of_a_portfolio(control: Control, partner: Partner) -> None:
    dated = {"securities": [], "smallcases": {}, "snapshotDate": "2022-03-24T11:24:00.871Z"}
    auth_id = control.put_account(portfolio=dated)
    place(control, partner, INFY)
    import_holdings(control, partner)
    assert partner.holdings(auth_id)["snapshotDate"] > "2022-03-25"
