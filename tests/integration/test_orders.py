"""Orders from the app to the exchange and back: what the user sees is what the exchange did."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.domain.market.calendar import nse_calendar
from testing.actors import AppUser, Sandbox, assert_problem, eventually, eventually_equal
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws
from tests.integration.orders import basket, number_of, stocks, truth

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


# A basket, from the form to the end -------------------------------------------------------------


@pytest.mark.parametrize("webhooks", ["send", "drop"])
def test_a_basket_is_followed_to_its_end_on_the_next_day(
    webhooks: str, user: AppUser, kite: str, clock: Sandbox, aws: Aws, broker_account: str
) -> None:
    """One fills, one is rejected for funds, one stays open over night; each step is published once and in order."""
    with aws.tap() as tap:
        transaction_id = user.begin(basket(*BUY_TWO_SELL_ONE, smallcaseAuthId=kite, notes="birthday money"))
        clock.place(
            transaction_id,
            "kite",
            broker_account,
            webhooks=webhooks,
            orders={
                RELIANCE: {"result": "reject", "errorCode": "marginsExceeded"},
                INFY: {"result": "fill"},
                TCS: {"result": "open", "later": {"after": "PT18H", "result": "fill"}},
            },
        )

        def placed() -> None:
            assert stocks(user.order_of(transaction_id)) == {
                RELIANCE: ("REJECTED", 0),
                INFY: ("COMPLETE", 3),
                TCS: ("PLACED", 0),
            }

        eventually(placed)
        eventually_equal(lambda: held(user, kite), {TCS: 10, INFY: 3})
        assert not user.order_of(transaction_id)["final"]

        clock.advance_clock(hours=20)

        def over() -> None:
            order = user.order_of(transaction_id)
            assert (order["final"], order["status"], order["notes"]) == (True, "COMPLETED", "birthday money")
            assert stocks(order) == truth(clock.batch(transaction_id))
            assert stocks(order)[TCS] == ("COMPLETE", 4)

        eventually(over, within=LOG_SECONDS)
        eventually_equal(lambda: held(user, kite), {TCS: 6, INFY: 3})

        def published() -> None:
            steps = [e for e in tap.events(transactionId=transaction_id) if e["detail-type"] == "OrderUpdated"]
            assert [step["detail"]["revision"] for step in steps] == list(range(1, len(steps) + 1))
            assert [step["detail"]["final"] for step in steps] == [False] * (len(steps) - 1) + [True]
            finished = tap.names(transactionId=transaction_id).count("TransactionFinished")
            assert (len(steps) >= 2, finished) == (True, 1)

        eventually(published)


def test_what_was_asked_stands_beside_what_was_done(
    user: AppUser, kite: str, sandbox: Sandbox, broker_account: str
) -> None:
    body = basket(*BUY_TWO_SELL_ONE, smallcaseAuthId=kite)
    body["orderConfig"]["meta"] = {"orderName": "Smart Basket", "orderLogo": "https://app.example/basket.png"}
    transaction_id = user.begin(body)
    assert sandbox.request_body(transaction_id)["orderConfig"] == body["orderConfig"]
    result = sandbox.place(
        transaction_id,
        "kite",
        broker_account,
        webhooks="drop",
        orders={RELIANCE: {"result": "fill", "quantity": 7}, INFY: {"result": "removed"}, TCS: {"result": "fill"}},
    )
    assert user.send_result(transaction_id, result).status_code == 200

    order = user.order_of(transaction_id)

    (batch,) = order["batches"]
    exchange = sandbox.batch(transaction_id)
    assert (order["name"], [row["ticker"] for row in order["leftOut"]]) == ("Smart Basket", [INFY])
    (reliance,) = [row for row in batch["orders"] if row["ticker"] == RELIANCE]
    assert (reliance["requested"]["quantity"], reliance["quantity"], reliance["filledQuantity"]) == (2, 7, 7)
    assert batch["buyAmount"] == exchange["buyAmount"]
    assert all("status" not in name.lower() or name == "status" for row in batch["orders"] for name in row)


def test_the_newest_snapshot_warns_and_refuses_nothing(user: AppUser, kite: str) -> None:
    answer = user.create(basket(("SELL", TCS, 11), ("SELL", INFY, 1), ("BUY", RELIANCE, 1), smallcaseAuthId=kite))

    assert answer.status_code == 201
    warned = {warning["ticker"]: (warning["code"], warning["transactable"]) for warning in answer.json()["warnings"]}
    assert warned == {TCS: ("MORE_THAN_TRANSACTABLE", 10), INFY: ("NOT_HELD", 0)}


def test_after_hours_an_order_waits_for_the_market(user: AppUser, clock: Sandbox, broker_account: str) -> None:
    clock.put_account("groww", broker_account, portfolio(holding(number_of(TCS))))
    user.import_from("groww", broker_account)
    clock.set_clock(nse_calendar().last_close(clock.now()) + timedelta(hours=4))
    clock.set_market(open=None, amo=True)
    transaction_id = user.begin(basket(("BUY", INFY, 1)))
    result = clock.place(transaction_id, "groww", broker_account, amo=True)
    assert user.send_result(transaction_id, result).status_code == 202
    (batch,) = user.order_of(transaction_id)["batches"]
    assert (batch["variety"], batch["orders"][0]["status"], batch["orders"][0]["text"]) == (
        "amo",
        "PLACED",
        "Placed with your broker as an after-market order.",
    )

    clock.advance_clock(hours=20 * 4)

    def over() -> None:
        assert stocks(user.order_of(transaction_id)) == {INFY: ("COMPLETE", 1)}
        assert user.order_of(transaction_id)["final"]

    eventually(over)
    due = freshness(user)
    assert due["action"] == "RECONNECT", "a broker that needs a login cannot show the fill by itself"


def test_a_closed_market_is_explained_to_the_user(user: AppUser, market: Sandbox, broker_account: str) -> None:
    market.put_account("groww", broker_account, portfolio(holding(1)))
    market.set_market(open=False)
    transaction_id = user.begin(basket(("BUY", INFY, 1)))

    result = market.place(transaction_id, "groww", broker_account)
    answer = user.send_result(transaction_id, result)

    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["final"]) == (200, 4004, True)
    assert answer.json()["error"]["text"] == "The market is closed. Please try again in market hours."
    assert user.order_of(transaction_id)["batches"] == []


def test_an_order_that_the_sdk_gave_up_on_is_followed_to_its_end(
    user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 5)))
    result = sandbox.act(transaction_id, "order_pending", broker="groww", account=broker_account)
    answer = user.send_result(transaction_id, result)
    assert (answer.status_code, answer.json()["final"], answer.json()["error"]["code"]) == (202, False, 4006)
    batch_id = sandbox.batch(transaction_id)["batchId"]

    sandbox.step(batch_id, INFY, "partial", filled=2)
    eventually_equal(lambda: stocks(user.order_of(transaction_id)), {INFY: ("PLACED", 2)})
    sandbox.step(batch_id, INFY, "fill")

    eventually_equal(lambda: stocks(user.order_of(transaction_id)), {INFY: ("COMPLETE", 5)})
    eventually_equal(lambda: user.order_of(transaction_id)["final"], True)


@pytest.mark.parametrize("shape", ["object", "array"])
def test_either_reading_of_the_order_pull_is_understood(
    shape: Any, user: AppUser, market: Sandbox, broker_account: str
) -> None:
    """Contract 12, question 3."""
    market.put_account("groww", broker_account, portfolio(holding(1)))
    market.set_orders_shape(shape)
    transaction_id = user.begin(basket(("BUY", INFY, 5)))

    user.send_result(transaction_id, market.place(transaction_id, "groww", broker_account, webhooks="drop"))

    assert stocks(user.order_of(transaction_id)) == {INFY: ("COMPLETE", 5)}


PLATFORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "web": lambda result: {"resolved": result},
    "ios": lambda result: {"resolved": {**result, "batches": result["orderBatches"]}},
    "android": lambda result: {"resolved": {"success": True, "transaction": "TRANSACTION", "data": json.dumps(result)}},
    "react-native": lambda result: {
        "resolved": {
            "success": True,
            "transaction": "TRANSACTION",
            "data": json.dumps(
                {
                    "data": {"batches": result["orderBatches"]},
                    "smallcaseAuthToken": result["smallcaseAuthToken"],
                    "broker": result["broker"],
                }
            ),
        }
    },
    "flutter": lambda result: {"resolved": json.dumps({**result, "success": True, "transaction": "TRANSACTION"})},
    "cordova": lambda result: {"resolved": {"success": True, "transaction": "TRANSACTION", "data": result}},
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platforms_result_ends_in_the_same_order(
    platform: str, user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 5)))
    result = sandbox.place(transaction_id, "groww", broker_account, webhooks="drop")["resolved"]

    answer = user.send_result(transaction_id, PLATFORMS[platform](result), platform)

    assert (answer.status_code, answer.json()["status"]) == (200, "COMPLETED"), answer.text
    assert stocks(user.order_of(transaction_id)) == {INFY: ("COMPLETE", 5)}


# Reading ---------------------------------------------------------------------------------------


def test_orders_are_listed_newest_first_and_filtered(
    user: AppUser, new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    made = []
    for result in ("fill", "open", "reject"):
        made.append(user.begin(basket(("BUY", INFY, 1))))
        acted = sandbox.place(made[-1], "groww", broker_account, webhooks="drop", orders={INFY: {"result": result}})
        user.send_result(made[-1], acted)

    def listed(**query: Any) -> list[str]:
        return [order["transactionId"] for order in user.get("/v1/orders", params=query).json()["orders"]]

    eventually_equal(listed, made[::-1])
    assert listed(status="COMPLETED") == made[:1]
    assert listed(status="PLACED", smallcaseAuthId=account_id) == made[1:2]
    assert listed(smallcaseAuthId="somebody-elses") == []
    assert listed(since="2999-01-01") == []
    assert listed(until="2020-01-01") == []
    assert listed(since="2020-01-01") == made[::-1]
    first = user.get("/v1/orders", params={"limit": 2}).json()
    rest = user.get("/v1/orders", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert [order["transactionId"] for order in first["orders"] + rest["orders"]] == made[::-1]
    assert_problem(user.get("/v1/orders", params={"status": "DONE"}), 400, "REQUEST_INVALID", "status")
    assert_problem(user.get("/v1/orders", params={"until": "soon"}), 400, "REQUEST_INVALID", "until")
    assert_problem(user.get("/v1/orders", params={"cursor": first["nextCursor"] + "x"}), 400, "CURSOR_INVALID")
    stranger = new_user()
    assert stranger.get("/v1/orders").json()["orders"] == []
    assert_problem(stranger.get(f"/v1/orders/{made[0]}"), 404, "NOT_FOUND")
    assert_problem(stranger.get("/v1/orders", params={"cursor": first["nextCursor"]}), 400, "CURSOR_INVALID")


def test_the_brokers_own_words_are_for_support_only(
    user: AppUser, sandbox: Sandbox, aws: Aws, broker_account: str
) -> None:
    """`statusMessage` names internals: stored, never served, never logged."""
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 1)))
    user.send_result(
        transaction_id,
        sandbox.place(
            transaction_id, "groww", broker_account, orders={INFY: {"result": "reject", "errorCode": "checkHoldings"}}
        ),
    )
    (stock,) = sandbox.batch(transaction_id)["orders"]
    gibberish = stock["statusMessage"]
    assert gibberish

    served = user.get(f"/v1/orders/{transaction_id}").text + user.get("/v1/orders").text

    assert "statusMessage" not in served
    assert gibberish not in served
    assert "You do not hold enough shares" in served
    assert gibberish not in aws.log_text()


def test_unlinking_takes_the_orders_along(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", INFY, 1)))
    user.send_result(transaction_id, sandbox.place(transaction_id, "groww", broker_account, webhooks="drop"))
    eventually_equal(lambda: len(user.get("/v1/orders").json()["orders"]), 1)

    assert user.http.delete(f"/v1/connections/{account_id}").status_code == 204

    assert user.get("/v1/orders").json()["orders"] == []
    assert user.order_of(transaction_id)["batches"] == []
