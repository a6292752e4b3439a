"""Batches and their orders, as Gateway reports them (contract 5.1 to 5.3)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import (
    ITC,
    TCS,
    account_in,
    import_holdings,
    is_authentic,
    order_of,
    place,
    place_open,
    statuses,
)
from tests.unit.sandbox.partner import Control, Partner

PRICES = {"TCS": {"price": 420.1}, "ITC": {"price": 300.25}}
TICKERS = ("TCS", "INFY", "SBIN", "ITC", "RELIANCE")
RESULTS = ("fill", "reject", "open", "unplaced", "removed")


def place_basket(control: Control, partner: Partner) -> tuple[str, dict[str, Any]]:
    """The transaction of a filled basket, and what the SDK resolves with."""
    transaction_id = partner.new_order(TCS, ITC, notes="mine")
    return transaction_id, control.run_scenario(transaction_id, orders=PRICES)["resolved"]


def test_the_sdk_reports_the_batch_of_the_pull(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, resolved = place_basket(control, partner)
    assert resolved["orderBatches"] == [partner.batch(transaction_id)]


def test_the_sdk_reports_these_members(control: Control, partner: Partner, auth_id: str) -> None:
    _, resolved = place_basket(control, partner)
    assert set(resolved) == {"smallcaseAuthToken", "broker", "transactionId", "notes", "orderBatches"}


def test_the_details_report_the_batch_of_the_pull(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = place_basket(control, partner)
    assert partner.details(transaction_id)["success"]["data"] == {"batches": [partner.batch(transaction_id)]}


def test_the_webhook_reports_the_batch_of_the_pull(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = place_basket(control, partner)
    control.wait_for_deliveries(2)
    body = next(body for body in partner.bodies if body["status"] == "COMPLETED")
    envelope = {"smallcaseAuthId": auth_id, "timestamp": body["timestamp"], "checksum": body["checksum"]}
    assert body == partner.batch(transaction_id) | envelope


def test_the_webhooks_of_a_batch_are_authentic(control: Control, partner: Partner, auth_id: str) -> None:
    place_basket(control, partner)
    control.wait_for_deliveries(2)
    assert all(is_authentic(body) for body in partner.bodies)


def test_the_transaction_of_a_basket_has_sent_an_order(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = place_basket(control, partner)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": True}


def test_a_filled_batch(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id, _ = place_basket(control, partner)
    batch = partner.batch(transaction_id)
    varying = {"batchId": batch["batchId"], "completedDate": batch["completedDate"], "orders": batch["orders"]}
    assert batch == varying | {
        "variety": "regular",
        "status": "COMPLETED",
        "quantity": 2,
        "filled": 2,
        "buyAmount": 4 * 420.1,
        "sellAmount": 5 * 300.25,
        "unplaced": [],
        "broker": "groww",
        "transactionId": transaction_id,
        "notes": "mine",
    }


def test_a_batch_id_has_24_characters(control: Control, partner: Partner, auth_id: str) -> None:
    assert len(place(control, partner, TCS)["batchId"]) == 24


def test_a_filled_order(control: Control, partner: Partner, auth_id: str) -> None:
    order = order_of(place(control, partner, TCS, orders={"TCS": {"price": 420.1}}), "TCS")
    assert order == {
        "tradingsymbol": "TCS",
        "transactionType": "BUY",
        "orderType": "MARKET",
        "status": "COMPLETE",
        "quantity": 4,
        "filledQuantity": 4,
        "averagePrice": 420.1,
        "product": "CNC",
        "exchange": "NSE",
        "exchangeOrderId": order["exchangeOrderId"],
        "errorCode": None,
        "statusMessage": None,
    }


def test_an_exchange_order_id_has_digits_only(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(place(control, partner, TCS), "TCS")["exchangeOrderId"].isdigit()


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("fill", "COMPLETE"),
        ("partial", "PLACED"),
        ("open", "PLACED"),
        ("reject", "REJECTED"),
        ("cancel", "CANCELLED"),
        ("unplaced", "ERROR"),
        ("error", "ERROR"),
    ],
)
def test_the_status_of_an_order(control: Control, partner: Partner, auth_id: str, result: str, status: str) -> None:
    assert statuses(place(control, partner, TCS, orders={"TCS": {"result": result}})) == {"TCS": status}


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("fill", "COMPLETED"),
        ("partial", "PLACED"),
        ("open", "PLACED"),
        ("reject", "UNFILLED"),
        ("cancel", "UNFILLED"),
        ("unplaced", "UNPLACED"),
        ("error", "ERROR"),
    ],
)
def test_the_status_of_a_batch(control: Control, partner: Partner, auth_id: str, result: str, status: str) -> None:
    assert place(control, partner, TCS, orders={"TCS": {"result": result}})["status"] == status


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("fill", "COMPLETED"),
        ("partial", "PROCESSING"),
        ("open", "PROCESSING"),
        ("reject", "COMPLETED"),
        ("cancel", "COMPLETED"),
        ("unplaced", "COMPLETED"),
        ("error", "COMPLETED"),
    ],
)
def test_the_status_of_the_transaction(
    control: Control, partner: Partner, auth_id: str, result: str, status: str
) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"result": result}})
    assert partner.details(batch["transactionId"])["status"] == status


ALL_RESULTS = ["fill", "partial", "open", "reject", "cancel", "unplaced", "error"]


@pytest.mark.parametrize("result", ALL_RESULTS)
def test_the_details_report_every_batch(control: Control, partner: Partner, auth_id: str, result: str) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"result": result}})
    assert partner.details(batch["transactionId"])["success"]["data"] == {"batches": [batch]}


@pytest.mark.parametrize("result", ALL_RESULTS)
def test_the_details_contain_a_token_of_the_account(
    control: Control, partner: Partner, auth_id: str, result: str
) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"result": result}})
    assert account_in(partner.details(batch["transactionId"])["success"]["smallcaseAuthToken"]) == auth_id


@pytest.mark.parametrize("result", ALL_RESULTS)
def test_only_orders_that_reach_the_exchange_have_its_id(
    control: Control, partner: Partner, auth_id: str, result: str
) -> None:
    order = order_of(place(control, partner, TCS, orders={"TCS": {"result": result}}), "TCS")
    assert ("exchangeOrderId" in order) is (result in ("fill", "partial", "open", "cancel"))


@pytest.mark.parametrize("result", ALL_RESULTS)
def test_only_a_complete_order_has_an_average_price(
    control: Control, partner: Partner, auth_id: str, result: str
) -> None:
    order = order_of(place(control, partner, TCS, orders={"TCS": {"result": result}}), "TCS")
    assert ("averagePrice" in order) is (result == "fill")


@pytest.mark.parametrize("result", ALL_RESULTS)
def test_only_an_open_batch_has_no_completed_date(
    control: Control, partner: Partner, auth_id: str, result: str
) -> None:
    batch = place(control, partner, TCS, orders={"TCS": {"result": result}})
    assert (batch["completedDate"] is None) is (result in ("partial", "open"))


@pytest.mark.parametrize("result", ["reject", "cancel", "unplaced", "error"])
def test_a_failed_order_has_an_error_code(control: Control, partner: Partner, auth_id: str, result: str) -> None:
    assert order_of(place(control, partner, TCS, orders={"TCS": {"result": result}}), "TCS")["errorCode"]


@pytest.mark.parametrize("result", ["reject", "cancel", "unplaced", "error"])
def test_a_failed_order_has_the_brokers_text(control: Control, partner: Partner, auth_id: str, result: str) -> None:
    order = order_of(place(control, partner, TCS, orders={"TCS": {"result": result}}), "TCS")
    assert "client XX" in order["statusMessage"]


@pytest.fixture
def mixed(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """A batch in which every security has another result."""
    securities = [TCS | {"ticker": ticker} for ticker in TICKERS]
    orders = {ticker: {"result": result} for ticker, result in zip(TICKERS, RESULTS, strict=True)}
    orders["INFY"]["errorCode"] = "circuitLimitExceeded"
    return place(control, partner, *securities, orders=orders)


def test_a_mixed_batch_has_the_status_of_every_order(mixed: dict[str, Any]) -> None:
    assert statuses(mixed) == {"TCS": "COMPLETE", "INFY": "REJECTED", "SBIN": "PLACED", "ITC": "ERROR"}


def test_unplaced_orders_are_apart(mixed: dict[str, Any]) -> None:
    assert [order["tradingsymbol"] for order in mixed["unplaced"]] == ["ITC"]


def test_an_open_batch_with_unplaced_orders_is_partially_placed(mixed: dict[str, Any]) -> None:
    assert mixed["status"] == "PARTIALLYPLACED"


def test_a_batch_counts_its_securities(mixed: dict[str, Any]) -> None:
    assert mixed["quantity"] == 4


def test_a_batch_counts_its_complete_securities(mixed: dict[str, Any]) -> None:
    assert mixed["filled"] == 1


def test_a_scenario_can_choose_the_error_code(mixed: dict[str, Any]) -> None:
    assert order_of(mixed, "INFY")["errorCode"] == "circuitLimitExceeded"


def test_an_order_that_the_exchange_refuses_has_its_id(mixed: dict[str, Any]) -> None:
    assert order_of(mixed, "INFY")["exchangeOrderId"]


def test_a_final_batch_with_some_complete_orders_is_partially_filled(control: Control, mixed: dict[str, Any]) -> None:
    assert control.step(mixed["batchId"], "SBIN", "cancel")["status"] == "PARTIALLYFILLED"


def test_an_open_batch_is_reported_as_placed(control: Control, partner: Partner, auth_id: str) -> None:
    assert place_open(control, partner)["status"] == "PLACED"


def test_before_an_order_there_is_no_batch(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.batch(partner.new_order(TCS)) is None


def test_an_import_has_no_batch(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.batch(import_holdings(control, partner)) is None
