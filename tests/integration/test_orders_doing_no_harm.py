"""Orders that fail, are forged or are sent twice do no harm; a cancellation is followed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from testing.actors import AppUser, Sandbox, assert_problem, eventually
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws
from tests.integration.orders import basket, number_of, stocks, verdicts

TCS, INFY, RELIANCE = "TCS", "INFY", "RELIANCE"
BUY_TWO_SELL_ONE = (("BUY", RELIANCE, 2), ("BUY", INFY, 3), ("SELL", TCS, 4))
LOG_SECONDS = 150


@pytest.fixture
def kite(user: AppUser, sandbox: Sandbox, broker_account: str) -> str:
    """The user's Zerodha account, imported, with ten shares of TCS; its id."""
    account_id = sandbox.put_account("kite", broker_account, portfolio(holding(number_of(TCS), 10)))
    user.import_from("kite", broker_account)
    return account_id


def held(user: AppUser, account_id: str) -> dict[str, int]:
    """NSE ticker -> shares, demat and the day's positions together."""
    rows = user.holdings_of(account_id)["data"]["securities"]
    return {row["nseTicker"]: row["holdings"]["quantity"] + row["positions"]["nse"]["quantity"] for row in rows}


def freshness(user: AppUser) -> dict[str, Any]:
    (connection,) = user.connections()
    return dict(connection["freshness"])


def test_a_forged_fill_with_a_valid_checksum_changes_nothing(
    user: AppUser, sandbox: Sandbox, aws: Aws, broker_account: str
) -> None:
    """The checksum does not cover the body: the pull disagrees, the pull wins."""
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 5)))
    acted = sandbox.place(transaction_id, "groww", broker_account, webhooks="drop", orders={INFY: {"result": "open"}})
    user.send_result(transaction_id, acted)

    (delivery,) = sandbox.fire(kind="order", mode="forged_body", transactionId=transaction_id)

    assert delivery["status"] == 200, "it is kept as evidence"

    def quarantined() -> None:
        assert verdicts(aws, transaction_id) == [("QUARANTINED", "NOT_CONFIRMED")]

    eventually(quarantined, within=LOG_SECONDS)
    assert stocks(user.order_of(transaction_id)) == {INFY: ("PLACED", 0)}
    assert account_id not in str(user.get("/v1/orders").json()["orders"][0]["orders"])


def test_placed_after_completed_changes_nothing(user: AppUser, sandbox: Sandbox, aws: Aws, broker_account: str) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 5)))
    user.send_result(transaction_id, sandbox.place(transaction_id, "groww", broker_account, webhooks="drop"))

    (delivery,) = sandbox.fire(kind="order", mode="late", transactionId=transaction_id)

    assert delivery["status"] == 200

    def applied() -> None:
        assert verdicts(aws, transaction_id) == [("APPLIED", "CONFIRMED")]

    eventually(applied)
    assert stocks(user.order_of(transaction_id)) == {INFY: ("COMPLETE", 5)}


def test_a_create_that_timed_out_is_not_repeated_blindly(user: AppUser, faults: Sandbox) -> None:
    key = str(uuid.uuid4())
    faults.fault("transaction", "error_500")

    answer = user.create(basket(("BUY", INFY, 5)), key)

    assert_problem(answer, 504, "OUTCOME_UNKNOWN", "GET /v1/orders")
    assert answer.json()["retryable"] is False
    assert_problem(user.create(basket(("BUY", INFY, 5)), key), 504, "OUTCOME_UNKNOWN")
    assert_problem(user.create(basket(("BUY", INFY, 6)), key), 422, "IDEMPOTENCY_KEY_REUSED")
    assert user.get("/v1/transactions").json()["transactions"] == []
    assert user.create(basket(("BUY", INFY, 5))).status_code == 201


def test_a_result_for_somebody_elses_order_is_not_taken(
    new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    owner, other = new_user(), new_user()
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = owner.begin(basket(("BUY", INFY, 5)))
    result = sandbox.place(transaction_id, "groww", broker_account, webhooks="drop")

    assert_problem(other.send_result(transaction_id, result), 404, "NOT_FOUND")
    assert other.connections() == []


@pytest.mark.parametrize(
    ("securities", "naming"),
    [
        ([], "orderConfig.securities"),
        ([{"ticker": "TCS", "quantity": 0, "type": "BUY"}], "quantity"),
        ([{"ticker": "TCS", "quantity": -1, "type": "BUY"}], "quantity"),
        ([{"ticker": "TCS", "quantity": 1.5, "type": "BUY"}], "quantity"),
        ([{"ticker": "TCS", "quantity": "5", "type": "BUY"}], "quantity"),
        ([{"ticker": "TCS", "quantity": 10**9, "type": "BUY"}], "at most 100000"),
        ([{"ticker": "TCS", "quantity": 1}, {"ticker": "INFY"}], "INFY has none"),
        ([{"ticker": "TCS", "type": "BUY"}, {"ticker": "INFY"}], "type"),
        ([{"ticker": "tcs"}], "ticker"),
        ([{"ticker": "NSE:TCS"}], "ticker"),
        ([{"ticker": "TCS"}, {"ticker": "TCS"}], "TCS"),
        ([{"ticker": f"T{number}"} for number in range(51)], "at most 50"),
        ([{"ticker": "TCS", "type": "HOLD"}], "type"),
        ([{"ticker": "TCS", "quantity": 1, "type": "BUY", "orderType": "LIMIT"}], "price"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_basket_that_does_not_fit_never_reaches_gateway(
    securities: list[dict[str, Any]], naming: str, user: AppUser
) -> None:
    body = {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": securities}}

    assert_problem(user.create(body), 400, "REQUEST_INVALID", naming)
    assert user.get("/v1/transactions").json()["transactions"] == []


def test_a_broker_that_takes_no_orders_is_named(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("dhan", broker_account, portfolio(holding(1)))
    user.import_from("dhan", broker_account)

    answer = user.create(basket(("BUY", INFY, 5), smallcaseAuthId=account_id))

    assert_problem(answer, 422, "BROKER_CANNOT", "dhan")


# Cancelling ------------------------------------------------------------------------------------


def test_an_open_order_is_cancelled_once(
    user: AppUser, new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 5), ("BUY", TCS, 1)))
    orders = {INFY: {"result": "partial", "filled": 2}, TCS: {"result": "fill"}}
    acted = sandbox.place(transaction_id, "groww", broker_account, webhooks="drop", orders=orders)
    user.send_result(transaction_id, acted)
    batch_id = sandbox.batch(transaction_id)["batchId"]
    cancel = {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": batch_id, "ticker": INFY}}
    assert_problem(new_user().create(cancel), 404, "NOT_FOUND")
    wrong = {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": batch_id, "ticker": TCS}}
    assert_problem(user.create(wrong), 409, "ORDER_IS_FINAL")

    key = str(uuid.uuid4())
    cancelling = user.create(cancel, key).json()["transactionId"]
    result = sandbox.act(cancelling, "complete", broker="groww", account=broker_account, webhooks="drop")
    assert user.send_result(cancelling, result).json()["status"] == "COMPLETED"

    assert stocks(user.order_of(transaction_id)) == {INFY: ("CANCELLED", 2), TCS: ("COMPLETE", 1)}
    assert user.create(cancel, key).json()["transactionId"] == cancelling, "a repeat is no second cancellation"
    assert_problem(user.create(cancel), 409, "ORDER_IS_FINAL")
