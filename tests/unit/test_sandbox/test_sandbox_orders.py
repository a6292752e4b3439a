"""Securities orders from the order screen to their last state (contract 2.2, 3.4, 5, 7.3)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from testing.actors import eventually

from .partner import Control, Partner
from .test_sandbox_user import account_in
from .test_sandbox_webhooks import is_authentic

TCS: dict[str, Any] = {"ticker": "TCS", "quantity": 4, "type": "BUY"}
ITC: dict[str, Any] = {"ticker": "ITC", "quantity": 5, "type": "SELL"}
INFY: dict[str, Any] = {"ticker": "INFY", "quantity": 10, "type": "BUY"}
# A Friday at noon and after the close, in India.
NOON, EVENING = "2026-08-07T12:00:00+05:30", "2026-08-07T19:00:00+05:30"


@pytest.fixture
def auth_id(control: Control) -> str:
    return str(control.account()["smallcaseAuthId"])


def status_of(batch: dict[str, Any]) -> dict[str, str]:
    return {order["tradingsymbol"]: order["status"] for order in batch["orders"] + batch["unplaced"]}


def order_of(batch: dict[str, Any], ticker: str) -> dict[str, Any]:
    return next(order for order in batch["orders"] + batch["unplaced"] if order["tradingsymbol"] == ticker)


def open_order(control: Control, partner: Partner, **script: Any) -> dict[str, Any]:
    """A batch whose TCS is open."""
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, orders={"TCS": {"result": "open"} | script}, webhooks="drop")
    return partner.batch(transaction_id)


def test_a_basket_is_told_alike_by_sdk_pull_details_and_webhook(
    control: Control, partner: Partner, auth_id: str
) -> None:
    transaction_id = partner.new_order(TCS, ITC, notes="mine")
    resolved = control.act(transaction_id, orders={"TCS": {"price": 420.1}, "ITC": {"price": 300.25}})["resolved"]
    control.wait_for_deliveries(2)
    details = partner.details(transaction_id)
    batch = partner.batch(transaction_id)

    assert set(resolved) == {"smallcaseAuthToken", "broker", "transactionId", "notes", "orderBatches"}
    assert account_in(resolved["smallcaseAuthToken"]) == auth_id
    assert resolved["orderBatches"] == [batch]
    assert details["success"]["data"] == {"batches": [batch]}
    assert (details["status"], details["flags"]) == ("COMPLETED", {"isOrderRequested": True})

    told = next(body for body in partner.bodies if body["status"] == "COMPLETED")
    assert is_authentic(told)
    envelope = {"smallcaseAuthId": auth_id, "timestamp": told["timestamp"], "checksum": told["checksum"]}
    assert told == batch | envelope
    assert (batch["transactionId"], batch["notes"], batch["broker"]) == (transaction_id, "mine", "groww")
    assert (batch["variety"], batch["quantity"], batch["filled"], batch["unplaced"]) == ("regular", 2, 2, [])
    assert (batch["buyAmount"], batch["sellAmount"]) == (4 * 420.1, 5 * 300.25)
    assert len(batch["batchId"]) == 24
    assert batch["completedDate"]
    exchange_id = batch["orders"][0].pop("exchangeOrderId")
    assert exchange_id.isdigit()
    assert batch["orders"][0] == {
        "tradingsymbol": "TCS",
        "transactionType": "BUY",
        "orderType": "MARKET",
        "status": "COMPLETE",
        "quantity": 4,
        "filledQuantity": 4,
        "averagePrice": 420.1,
        "product": "CNC",
        "exchange": "NSE",
        "errorCode": None,
        "statusMessage": None,
    }


# result, its status, the batch's, the transaction's, reached the exchange
ENDINGS = [
    ("fill", "COMPLETE", "COMPLETED", "COMPLETED", True),
    ("partial", "PLACED", "PLACED", "PROCESSING", True),
    ("open", "PLACED", "PLACED", "PROCESSING", True),
    ("reject", "REJECTED", "UNFILLED", "COMPLETED", False),
    ("cancel", "CANCELLED", "UNFILLED", "COMPLETED", True),
    ("unplaced", "ERROR", "UNPLACED", "COMPLETED", False),
    ("error", "ERROR", "ERROR", "COMPLETED", False),
]


@pytest.mark.parametrize(("result", "status", "whole", "transaction", "at_exchange"), ENDINGS)
def test_each_result_of_an_order(
    control: Control,
    partner: Partner,
    auth_id: str,
    result: str,
    status: str,
    whole: str,
    transaction: str,
    at_exchange: bool,
) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, orders={"TCS": {"result": result}}, webhooks="drop")
    batch = partner.batch(transaction_id)
    order = order_of(batch, "TCS")

    assert (order["status"], batch["status"]) == (status, whole)
    details = partner.details(transaction_id)
    assert details["status"] == transaction
    assert details["success"]["data"] == {"batches": [batch]}
    assert account_in(details["success"]["smallcaseAuthToken"]) == auth_id
    assert ("exchangeOrderId" in order) is at_exchange
    assert ("averagePrice" in order) is (status == "COMPLETE")
    assert (batch["completedDate"] is None) is (status == "PLACED")
    if status in ("REJECTED", "CANCELLED", "ERROR"):
        assert order["errorCode"]
        assert "client XX" in order["statusMessage"]


def test_a_basket_of_every_result(control: Control, partner: Partner, auth_id: str) -> None:
    tickers = ("TCS", "INFY", "SBIN", "ITC", "RELIANCE")
    results = ("fill", "reject", "open", "unplaced", "removed")
    transaction_id = partner.new_order(*(TCS | {"ticker": ticker} for ticker in tickers))
    scripts: dict[str, dict[str, Any]] = {
        ticker: {"result": result} for ticker, result in zip(tickers, results, strict=True)
    }
    scripts["INFY"]["errorCode"] = "circuitLimitExceeded"
    control.act(transaction_id, orders=scripts, webhooks="drop")
    batch = partner.batch(transaction_id)

    assert status_of(batch) == {"TCS": "COMPLETE", "INFY": "REJECTED", "SBIN": "PLACED", "ITC": "ERROR"}
    assert [order["tradingsymbol"] for order in batch["unplaced"]] == ["ITC"]
    assert (batch["status"], batch["quantity"], batch["filled"]) == ("PARTIALLYPLACED", 4, 1)
    assert order_of(batch, "INFY")["errorCode"] == "circuitLimitExceeded"
    # That is the exchange's refusal, so the order was there.
    assert order_of(batch, "INFY")["exchangeOrderId"]

    control.step(batch["batchId"], "SBIN", "cancel")
    assert partner.batch(transaction_id)["status"] == "PARTIALLYFILLED"


def test_the_user_edits_what_was_asked_for(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, orders={"TCS": {"quantity": 7, "type": "SELL"}})
    (order,) = partner.batch(transaction_id)["orders"]
    assert (order["transactionType"], order["quantity"], order["filledQuantity"]) == ("SELL", 7, 7)

    undecided = partner.new_order({"ticker": "TCS"}, {"ticker": "INFY"})
    control.act(undecided, orders={"INFY": {"quantity": 3}})
    first, second = partner.batch(undecided)["orders"]
    assert (first["transactionType"], first["quantity"]) == ("BUY", 1)
    assert (second["transactionType"], second["quantity"]) == ("BUY", 3)


def test_fills_show_in_the_holdings_at_the_next_import(control: Control, partner: Partner, auth_id: str) -> None:
    control.act(partner.new_transaction(), webhooks="drop")
    before = {row["nseTicker"]: row for row in partner.holdings(auth_id)["securities"]}
    assert "INFY" not in before
    scripts = {"INFY": {"result": "partial", "filled": 3, "price": 1000.5}, "TCS": {"price": 3000}}
    control.act(partner.new_order(TCS, ITC, INFY), orders=scripts, webhooks="drop")

    assert {row["nseTicker"]: row for row in partner.holdings(auth_id)["securities"]} == before
    control.act(partner.new_transaction(), webhooks="drop")
    after = {row["nseTicker"]: row for row in partner.holdings(auth_id)["securities"]}

    assert after["TCS"]["positions"]["nse"] == {"quantity": 4, "averagePrice": 3000}
    assert after["TCS"]["holdings"] == before["TCS"]["holdings"]
    assert after["TCS"]["transactableQuantity"] == before["TCS"]["transactableQuantity"] + 4
    assert after["ITC"]["positions"]["nse"]["quantity"] == -5
    assert after["ITC"]["transactableQuantity"] == before["ITC"]["transactableQuantity"] - 5
    assert after["INFY"]["positions"]["nse"] == {"quantity": 3, "averagePrice": 1000.5}
    assert (after["INFY"]["isin"], after["INFY"]["transactableQuantity"]) == ("INE009A01021", 3)


def test_a_position_has_the_average_of_its_fills(control: Control, partner: Partner, auth_id: str) -> None:
    later = {"after": 1, "result": "fill", "price": 110}
    script = {"result": "partial", "filled": 1, "price": 100, "later": later}
    control.act(partner.new_order(INFY), orders={"INFY": script}, webhooks="drop")
    control.call("POST", "clock", advance=1)
    control.act(partner.new_transaction(), webhooks="drop")
    (row,) = (one for one in partner.holdings(auth_id)["securities"] if one["nseTicker"] == "INFY")
    assert row["positions"]["nse"] == {"quantity": 10, "averagePrice": pytest.approx(109)}


def test_zerodha_shows_fills_at_the_next_pull(control: Control, partner: Partner) -> None:
    auth_id = control.account(broker="kite")["smallcaseAuthId"]
    control.act(partner.new_transaction(), broker="kite", webhooks="drop")
    before = partner.holdings(auth_id)
    control.call("POST", "clock", advance=1)
    control.act(partner.new_order(INFY), broker="kite", webhooks="drop")
    after = partner.holdings(auth_id)

    assert after["snapshotDate"] > before["snapshotDate"]
    assert len(after["securities"]) == len(before["securities"]) + 1


def test_a_portfolio_with_dates_of_its_own_gets_new_ones_by_a_fill(control: Control, partner: Partner) -> None:
    dated = {"securities": [], "smallcases": {}, "snapshotDate": "2022-03-24T11:24:00.871Z"}
    auth_id = control.account(portfolio=dated)["smallcaseAuthId"]
    control.act(partner.new_order(INFY), webhooks="drop")
    control.act(partner.new_transaction(), webhooks="drop")
    assert partner.holdings(auth_id)["snapshotDate"] > "2022-03-25"


def test_nobody_sells_more_than_there_is_unless_told_so(control: Control, partner: Partner, auth_id: str) -> None:
    too_many = ITC | {"quantity": 26}
    refused = partner.new_order(too_many, INFY | {"type": "SELL"})
    control.act(refused, webhooks="drop")
    assert {order["errorCode"] for order in partner.batch(refused)["orders"]} == {"checkHoldings"}

    told = partner.new_order(too_many)
    control.act(told, orders={"ITC": {"result": "fill"}}, webhooks="drop")
    assert partner.batch(told)["status"] == "COMPLETED"


def test_a_security_that_is_not_listed_is_unplaced(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS | {"ticker": "NOSUCH"}, TCS)
    control.act(transaction_id, webhooks="drop")
    batch = partner.batch(transaction_id)
    assert status_of(batch) == {"NOSUCH": "ERROR", "TCS": "COMPLETE"}
    assert batch["status"] == "PARTIALLYFILLED"


def test_a_limit_order_keeps_its_kind_and_price(control: Control, partner: Partner, auth_id: str) -> None:
    asked = TCS | {"orderType": "LIMIT", "validity": "DAY", "price": 3100.05}
    transaction_id = partner.new_order(asked)
    control.act(transaction_id, webhooks="drop")
    (order,) = partner.batch(transaction_id)["orders"]
    (configured,) = partner.details(transaction_id)["orderConfig"]["orders"]

    assert (order["orderType"], order["averagePrice"]) == ("LIMIT", 3100.05)
    assert configured["sidInfo"] == {"ticker": "TCS"}
    assert {name: configured[name] for name in asked if name != "ticker"} == {
        name: value for name, value in asked.items() if name != "ticker"
    }


def test_an_open_order_moves_on_step_by_step(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, orders={"TCS": {"result": "partial", "filled": 1, "price": 100}})
    batch_id = partner.batch(transaction_id)["batchId"]
    for more in ({"filled": 3, "price": 101.1}, {"quantity": 6, "filled": 5, "price": 99}):
        control.step(batch_id, "TCS", "partial", **more)
        assert "averagePrice" not in partner.batch(transaction_id)["orders"][0]
    control.step(batch_id, "TCS", "fill", price=98)
    control.wait_for_deliveries(5)
    (order,) = partner.batch(transaction_id)["orders"]

    assert (order["status"], order["quantity"], order["filledQuantity"]) == ("COMPLETE", 6, 6)
    assert order["averagePrice"] == pytest.approx((100 + 2 * 101.1 + 2 * 99 + 98) / 6)
    assert partner.details(transaction_id)["status"] == "COMPLETED"
    told = sorted(partner.bodies, key=lambda body: str(body["timestamp"]))
    assert [body["orders"][0]["filledQuantity"] for body in told] == [0, 1, 3, 5, 6]
    # Else two of them would be one to whoever goes by the checksum.
    assert len({body["checksum"] for body in told}) == 5


def test_an_order_cancelled_after_a_part_was_filled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_order(control, partner)
    after = control.step(batch["batchId"], "TCS", "cancel", filled=3)
    (order,) = after["orders"]
    assert (order["status"], order["filledQuantity"], after["status"]) == ("CANCELLED", 3, "UNFILLED")
    assert "averagePrice" not in order
    assert after["buyAmount"] > 0


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"result": "partial", "filled": 4}, "0 of 4 shares"),
        ({"result": "partial", "filled": 0}, "filled"),
        ({"result": "partial", "quantity": 1}, "0 of 1 shares"),
        ({"result": "open", "filled": 2}, "0 of 4 shares"),
        ({"result": "fill", "later": {"after": 5, "result": "fill"}}, "later"),
        ({"result": "open", "later": {"after": 5, "result": "partial", "filled": 9}}, "0 of 4 shares"),
        ({"result": "reject", "filled": 4}, "0 of 4 shares"),
        ({"result": "fill", "filled": 3}, "0 of 4 shares"),
        ({"result": "open", "later": {"after": 0, "result": "fill"}}, "after"),
        ({"result": "win"}, "result"),
        ({"result": "removed"}, "took everything out"),
    ],
)
def test_what_cannot_come_of_an_order_is_explained(
    control: Control, partner: Partner, auth_id: str, script: dict[str, Any], said: str
) -> None:
    transaction_id = partner.new_order(TCS)
    body = {"broker": "groww", "account": "AB1234", "orders": {"TCS": script}}
    answer = control.client.post(f"/_sandbox/transactions/{transaction_id}/act", json=body)

    assert answer.status_code == 400, answer.text
    assert said in answer.json()["detail"]
    # Nothing of it happened.
    assert partner.details(transaction_id)["status"] == "INITIALIZED"
    assert control.call("GET", "orders") == {"orders": []}


@pytest.mark.parametrize(
    ("intent", "body", "said"),
    [
        ("TRANSACTION", {"orders": {"WIPRO": {"result": "fill"}}}, "order screen"),
        ("TRANSACTION", {"action_required": True}, "smallcase"),
        ("TRANSACTION", {"error": {"message": "x", "code": 1}}, "fail"),
        ("HOLDINGS_IMPORT", {"orders": {"TCS": {"result": "fill"}}}, "no orders"),
        ("HOLDINGS_IMPORT", {"outcome": "order_pending"}, "only orders"),
        ("HOLDINGS_IMPORT", {"outcome": "insufficient_holdings"}, "only orders"),
    ],
)
def test_what_does_not_fit_the_transaction_is_explained(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], said: str
) -> None:
    transaction_id = partner.new_order(TCS) if intent == "TRANSACTION" else partner.new_transaction()
    user = {"broker": "groww", "account": "AB1234"}
    answer = control.client.post(f"/_sandbox/transactions/{transaction_id}/act", json=user | body)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"ticker": "TCS", "result": "partial", "filled": 2}, 400),
        ({"ticker": "TCS", "result": "cancel", "filled": 1}, 400),
        ({"ticker": "TCS", "result": "open", "quantity": 2}, 400),
        ({"ticker": "TCS", "result": "cancel_amo"}, 400),
        ({"ticker": "INFY", "result": "fill"}, 404),
    ],
)
def test_steps_that_an_order_cannot_take(
    control: Control, partner: Partner, auth_id: str, step: dict[str, Any], status: int
) -> None:
    batch = open_order(control, partner, result="partial", filled=2)
    answer = control.client.post(f"/_sandbox/orders/{batch['batchId']}", json=step)
    assert answer.status_code == status, answer.text
    assert partner.batch(batch["transactionId"]) == batch


def test_a_final_order_does_not_move(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_order(control, partner)
    control.step(batch["batchId"], "TCS", "reject")
    answer = control.client.post(f"/_sandbox/orders/{batch['batchId']}", json={"ticker": "TCS", "result": "fill"})
    unknown = control.client.post(f"/_sandbox/orders/{'0' * 24}", json={"ticker": "TCS", "result": "fill"})
    assert (answer.status_code, unknown.status_code) == (409, 404)


def test_an_order_changes_by_itself_days_later(
    start: Callable[[Path | str], TestClient], partner: Partner, tmp_path: Path
) -> None:
    control = Control(start(tmp_path / "state.db"))
    auth_id = control.account()["smallcaseAuthId"]
    later = {"after": "PT18H", "result": "partial", "filled": 2, "price": 100.5}
    later["later"] = {"after": "PT30M", "result": "fill", "price": 101}
    batch = open_order(control, partner, later=later)
    placed_at = control.call("GET", "clock")["now"]
    control.call("POST", "clock", advance="PT17H59M")
    assert partner.batch(batch["transactionId"]) == batch

    control = Control(start(tmp_path / "state.db"))
    control.call("POST", "clock", advance="PT2M")
    assert partner.batch(batch["transactionId"])["orders"][0]["filledQuantity"] == 2
    control.call("POST", "clock", advance="P3D")
    done = partner.batch(batch["transactionId"])

    assert (done["status"], done["orders"][0]["averagePrice"]) == ("COMPLETED", 100.75)
    # When it happened, not when somebody looked.
    assert placed_at[:10] < done["completedDate"][:10]
    assert done["completedDate"] < control.call("GET", "clock")["now"][:10]
    assert partner.details(batch["transactionId"], auth_id)["status"] == "COMPLETED"


def test_a_step_by_hand_replaces_what_was_planned(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_order(control, partner, later={"after": 60, "result": "fill"})
    control.step(batch["batchId"], "TCS", "open", quantity=9)
    control.call("POST", "clock", advance=120)
    (order,) = partner.batch(batch["transactionId"])["orders"]
    assert (order["status"], order["quantity"]) == ("PLACED", 9)


def test_what_is_planned_happens_without_anybody_asking(control: Control, partner: Partner, auth_id: str) -> None:
    control.act(partner.new_order(TCS), orders={"TCS": {"later": {"after": 1, "result": "fill"}}})

    def told_twice() -> None:
        assert len(partner.received) >= 2

    eventually(told_twice, within=5)
    assert {body["status"] for body in partner.bodies} == {"PLACED", "COMPLETED"}


def test_whoever_asks_sees_all_that_has_happened_by_then(control: Control, partner: Partner, auth_id: str) -> None:
    tickers = ("TCS", "INFY", "SBIN", "WIPRO", "RELIANCE")
    transaction_id = partner.new_order(*(TCS | {"ticker": ticker} for ticker in tickers))
    soon = {"later": {"after": 0.02, "result": "fill"}}
    control.act(transaction_id, orders=dict.fromkeys(tickers, soon), webhooks="drop")
    time.sleep(0.03)
    assert partner.batch(transaction_id)["status"] == "COMPLETED"


def test_a_closed_market_ends_an_order(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    rejected = control.act(transaction_id)["rejected"]
    details = partner.details(transaction_id)

    assert rejected == {"message": "market_closed", "code": 4004}
    assert (details["status"], details["error"]["code"]) == ("ERRORED", 4004)
    assert details["flags"] == {"isOrderRequested": False}
    # Only orders need a market.
    assert "resolved" in control.act(partner.new_transaction())


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (NOON, True),
        (EVENING, False),
        ("2026-08-07T09:14:59+05:30", False),
        ("2026-08-07T09:15:00+05:30", True),
        ("2026-08-07T15:30:00+05:30", False),
        ("2026-08-08T12:00:00+05:30", False),
    ],
)
def test_the_market_can_keep_nses_hours(control: Control, now: str, is_open: bool) -> None:
    assert control.call("GET", "market") == {"open": True, "amo": True, "isOpen": True}
    control.call("POST", "clock", now=now)
    told = control.call("PUT", "market", open=None)
    assert told == {"open": None, "amo": True, "isOpen": is_open}
    # What is left out stays.
    assert control.call("PUT", "market", amo=False) == {"open": None, "amo": False, "isOpen": is_open}


def test_an_after_market_order_waits_for_the_next_open(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("POST", "clock", now=EVENING)
    control.call("PUT", "market", open=None)
    transaction_id = partner.new_order(TCS, INFY)
    control.act(transaction_id, amo=True, orders={"INFY": {"result": "reject"}}, webhooks="drop")
    placed = partner.batch(transaction_id)

    assert (placed["variety"], placed["status"]) == ("amo", "PLACED")
    assert status_of(placed) == {"TCS": "PLACED", "INFY": "PLACED"}
    assert "exchangeOrderId" not in placed["orders"][0]
    assert partner.details(transaction_id)["status"] == "PROCESSING"
    control.call("POST", "clock", now="2026-08-09T12:00:00+05:30")
    assert partner.batch(transaction_id) == placed

    # Over the whole of Monday's session.
    control.call("POST", "clock", now="2026-08-10T20:00:00+05:30")
    done = partner.batch(transaction_id)
    assert status_of(done) == {"TCS": "COMPLETE", "INFY": "REJECTED"}
    # At 9:15 in India, not when somebody looked.
    assert (done["variety"], done["completedDate"]) == ("amo", "2026-08-10T03:45:00.000Z")


def test_after_market_orders_meet_a_market_that_is_opened_by_hand(
    control: Control, partner: Partner, auth_id: str
) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, amo=True, webhooks="drop")
    control.call("POST", "clock", advance="P5D")
    assert partner.batch(transaction_id)["status"] == "PLACED"
    control.call("PUT", "market", open=True)
    assert partner.batch(transaction_id)["status"] == "COMPLETED"


def test_an_after_market_order_is_cancelled_in_its_own_words(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, amo=True, webhooks="drop")
    batch = control.step(partner.batch(transaction_id)["batchId"], "TCS", "cancel_amo")
    control.call("PUT", "market", open=True)

    assert status_of(batch) == {"TCS": "CANCELLED AMO"}
    assert batch["status"] == "CANCELLED"
    assert partner.batch(transaction_id)["status"] == "CANCELLED"


def test_brokers_may_take_no_orders_after_hours(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False, amo=False)
    assert control.act(partner.new_order(TCS), amo=True)["rejected"]["code"] == 4004


def test_an_order_that_the_sdk_gave_up_lives_on(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    rejected = control.act(transaction_id, "order_pending")["rejected"]
    details = partner.details(transaction_id)

    assert (rejected["message"], rejected["code"]) == ("order_pending", 4006)
    assert account_in(rejected["data"]["smallcaseAuthToken"]) == auth_id
    assert (details["status"], details["error"]["code"]) == ("ERRORED", 4006)
    assert details["flags"] == {"isOrderRequested": True}
    batch = partner.batch(transaction_id)
    assert batch["status"] == "PLACED"

    control.step(batch["batchId"], "TCS", "partial")
    moved = partner.details(transaction_id)
    assert (moved["status"], "error" in moved) == ("PROCESSING", False)
    control.step(batch["batchId"], "TCS", "fill")
    assert partner.details(transaction_id)["status"] == "COMPLETED"
    assert len(control.wait_for_deliveries(3)) == 3


def test_pending_orders_keep_what_they_filled_meanwhile(control: Control, partner: Partner, auth_id: str) -> None:
    scripts = {"INFY": {"result": "partial", "filled": 3}}
    control.act(partner.new_order(INFY), "order_pending", orders=scripts, webhooks="drop")
    control.act(partner.new_transaction(), webhooks="drop")
    held = {row["nseTicker"]: row["transactableQuantity"] for row in partner.holdings(auth_id)["securities"]}
    assert held["INFY"] == 3


@pytest.mark.parametrize(
    ("outcome", "message", "code", "logged_in"),
    [
        ("insufficient_holdings", "insufficient_holdings", 1004, True),
        ("market_closed", "market_closed", 4004, False),
        ("cancel_after_login", "user_cancelled", 1012, True),
        ("fail", "internal_error", 2000, True),
    ],
)
def test_an_order_that_was_never_sent(
    control: Control, partner: Partner, auth_id: str, outcome: str, message: str, code: int, logged_in: bool
) -> None:
    transaction_id = partner.new_order(TCS)
    rejected = control.act(transaction_id, outcome)["rejected"]

    assert (rejected["message"], rejected["code"], "data" in rejected) == (message, code, logged_in)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": False}
    assert partner.batch(transaction_id) is None


def test_any_error_there_is_can_be_played(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    error = {"message": "order_in_queue", "code": 1000}
    assert control.act(transaction_id, "fail", error=error)["rejected"] | {"data": None} == error | {"data": None}
    assert partner.details(transaction_id)["error"] == {"value": True} | error


def test_a_broker_without_orders_is_no_broker(control: Control, partner: Partner) -> None:
    control.account(broker="dhan")
    assert control.act(partner.new_order(TCS), broker="dhan")["rejected"]["code"] == 1006


def test_the_pull_of_orders_says_nothing_to_strangers(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    assert partner.pull_orders(transaction_id).json()["data"] is None
    control.act(transaction_id, webhooks="drop")

    assert partner.pull_orders(transaction_id, auth_id).json()["data"] == partner.batch(transaction_id)
    assert partner.pull_orders(transaction_id, "0" * 24).json()["data"] == []
    assert partner.pull_orders("TRX_00000000000000000000000000000000").json()["data"] == []
    assert partner.pull_orders(None).status_code == 400


def test_the_pull_of_orders_may_be_a_list(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, webhooks="drop")
    batch = partner.batch(transaction_id)
    control.call("PUT", "settings", ordersShape="array")

    assert partner.pull_orders(transaction_id).json()["data"] == [batch]
    assert partner.pull_orders(partner.new_order(TCS)).json()["data"] == []


@pytest.mark.parametrize("drift", ["renamed", "retyped"])
@pytest.mark.parametrize("shape", ["object", "array"])
def test_the_pull_of_orders_can_go_wrong(
    control: Control, partner: Partner, auth_id: str, shape: str, drift: str
) -> None:
    transaction_id = partner.new_order(TCS)
    fault = {"route": "orders", "fault": "schema_drift", "drift": drift}
    control.call("PUT", "faults", **fault)
    assert partner.pull_orders(transaction_id).json()["data"] is None
    control.act(transaction_id, webhooks="drop")
    control.call("PUT", "settings", ordersShape=shape)
    control.call("PUT", "faults", **fault, smallcaseAuthId=auth_id)

    data = partner.pull_orders(transaction_id).json()["data"]
    spoilt = data[0] if shape == "array" else data
    assert not isinstance(spoilt.get("orders"), list)


def test_the_exchanges_truth_can_be_asked_for(control: Control, partner: Partner, auth_id: str) -> None:
    first, second = partner.new_order(TCS), partner.new_order(INFY)
    for transaction_id in (first, second):
        control.act(transaction_id, webhooks="drop")
    every = control.call("GET", "orders")["orders"]

    assert [batch["transactionId"] for batch in every] == [first, second]
    assert every[0] == partner.batch(first) | {"smallcaseAuthId": auth_id}
    assert control.call("GET", f"orders?transactionId={second}")["orders"] == every[1:]


def test_held_order_webhooks_are_released_in_any_order(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, orders={"TCS": {"result": "partial"}}, webhooks="hold")
    batch_id = partner.batch(transaction_id)["batchId"]
    control.step(batch_id, "TCS", "fill")
    held = control.held()
    assert [(one["kind"], one["transactionId"], one["status"]) for one in held] == [
        ("order", transaction_id, "PLACED"),
        ("order", transaction_id, "PLACED"),
        ("order", transaction_id, "COMPLETED"),
    ]
    assert partner.received == []

    placed, partly, complete = (one["id"] for one in held)
    made = control.release(complete, placed, complete)
    assert [one["status"] for one in made] == [200, 200, 200]
    assert [body["status"] for body in partner.bodies] == ["COMPLETED", "PLACED", "COMPLETED"]
    assert partner.received[0] == partner.received[2]
    assert [one["id"] for one in control.held()] == [partly]
    assert len(control.release(partly, placed, parallel=True)) == 2
    assert control.held() == []
    assert len(control.deliveries()) == 5


def test_only_held_webhooks_are_released(control: Control) -> None:
    answer = control.client.post("/_sandbox/webhooks/release", json={"ids": ["whk_0"]})
    assert answer.status_code == 404


def test_a_step_can_say_what_becomes_of_its_webhooks(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_order(control, partner)
    control.step(batch["batchId"], "TCS", "partial", webhooks="hold")
    control.step(batch["batchId"], "TCS", "fill")
    assert [one["status"] for one in control.held()] == ["PLACED", "COMPLETED"]
    assert control.deliveries() == []


def test_a_forged_body_claims_what_never_happened(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_order(control, partner)
    control.fire(kind="order", mode="forged_body", transactionId=batch["transactionId"])
    (body,) = partner.bodies

    assert is_authentic(body)
    assert (body["batchId"], body["status"], body["filled"]) == (batch["batchId"], "COMPLETED", 1)
    assert (body["orders"][0]["quantity"], body["orders"][0]["filledQuantity"]) == (40, 40)
    assert partner.batch(batch["transactionId"]) == batch


def test_a_fired_order_webhook_tells_of_the_real_batch(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.act(transaction_id, webhooks="drop")
    for mode in ("normal", "late", "tampered"):
        control.fire(kind="order", mode=mode, transactionId=transaction_id)
    now, late, tampered = partner.bodies
    batch = partner.batch(transaction_id)

    assert {name: now[name] for name in batch} == batch
    assert (late["status"], late["orders"][0]["status"], late["orders"][0]["filledQuantity"]) == ("PLACED", "PLACED", 0)
    assert tampered["orders"][0]["quantity"] == 1004
    assert all(is_authentic(body) for body in partner.bodies)


def test_an_order_webhook_about_no_order_is_possible(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="order", transactionId=partner.new_transaction(auth_id))
    (body,) = partner.bodies
    assert is_authentic(body)
    assert (body["status"], body["smallcaseAuthId"]) == ("COMPLETED", auth_id)


def test_a_reset_forgets_orders_plans_and_settings(control: Control, partner: Partner, auth_id: str) -> None:
    open_order(control, partner, later={"after": 60, "result": "fill"})
    control.call("PUT", "market", open=False)
    control.call("PUT", "settings", ordersShape="array")
    control.call("POST", "reset")
    control.call("POST", "clock", advance=120)

    assert control.call("GET", "orders") == {"orders": []}
    assert control.call("GET", "market")["open"] is True
    control.account()
    assert partner.pull_orders(partner.new_order(TCS)).json()["data"] is None


def test_what_was_asked_for_can_be_read_word_for_word(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_order(TCS, notes="mine")
    told = control.call("GET", f"transactions/{transaction_id}")
    assert told["asked"]["orderConfig"] == {"type": "SECURITIES", "securities": [TCS]}
    assert told["transactionDetails"] == partner.details(transaction_id)


def test_an_account_that_got_another_id_meanwhile_stops_nothing(
    control: Control, partner: Partner, auth_id: str
) -> None:
    batch = open_order(control, partner, later={"after": 60, "result": "fill"})
    control.account(smallcaseAuthId="6195e288360acf9ebc060d23")
    control.call("POST", "clock", advance=60)
    assert partner.batch(batch["transactionId"])["status"] == "COMPLETED"
