"""What the user reads about an order: words and an action for every code, and never the broker's own text."""

from copy import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.contracts.orders.views import BatchView, OrderView, StockView
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.messages import ADVICE, UNKNOWN, advise
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions import messages as transaction_messages
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Outcome, Status
from gateway_backend.domain.transactions.transaction import Transaction

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BROKERS_OWN_TEXT = "RMS:Margin Exceeds,Cash required 4201.00 for user XQ1234"
STOCK_CODES = {
    # Contract 5.4.
    **{"adapterError": Action.WAIT, "tradingSystemNotReady": Action.WAIT, "checkHoldings": Action.REFRESH},
    **{"marginsExceeded": Action.NONE, "orderUnmatched": Action.WAIT, "circuitLimitExceeded": Action.WAIT},
    # Its uncertain ones.
    **{"marginExceeded": Action.NONE, "userNotLoggedIn": Action.RECONNECT, "clientNotEnabled": Action.NONE},
    **{"securityNotAllowed": Action.NONE, "amoNotAllowed": Action.WAIT, "networkError": Action.WAIT},
    **{"invalidOrder": Action.CONTACT_SUPPORT, "unknownError": Action.CONTACT_SUPPORT},
    **{"otherError": Action.CONTACT_SUPPORT},
}
TRANSACTION_CODES = [
    *(90, 100, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014, 2000, 2001),
    *(3000, 3001, 3002, 3003, 3004, 4000, 4003, 4004, 4005, 4006),
]


def stock(status: OrderStatus = OrderStatus.REJECTED, code: str | None = None, **more: Any) -> Order:
    return Order("AXISBANK", "BUY", status, NOW, 10, error_code=code, status_message=BROKERS_OWN_TEXT, **more)


def known(*orders: Order, **of_batch: Any) -> RecordedBatch:
    batch = Batch("batch-1", BatchStatus.PARTIALLYFILLED, orders, NOW, **of_batch)
    return RecordedBatch(batch, "TRX_1", "user-1", "account-1", "groww", "Two banks", NOW, NOW + timedelta(hours=1), 3)


def placed_by(*securities: RequestedSecurity, **more: Any) -> Transaction:
    order = OrderRequest("SECURITIES", securities, "Two banks", "https://app.example/logo.png")
    told: dict[str, Any] = {
        "status": Status.COMPLETED,
        "account_id": "account-1",
        "broker": "groww",
        "result_persisted": True,
    }
    told |= {"order": order}
    return Transaction("TRX_1", "user-1", Intent.TRANSACTION, NOW, NOW, "correlation", **(told | more))


# A stock ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "action"), STOCK_CODES.items())
def test_every_code_of_the_contract_has_words_and_an_action(code: str, action: Action) -> None:
    advice = advise(stock(code=code), "regular")

    assert advice.text.endswith(".")
    assert advice.action is action
    assert code not in advice.text


@pytest.mark.parametrize("status", [OrderStatus.REJECTED, OrderStatus.ERROR, OrderStatus.CANCELLED])
@pytest.mark.parametrize("code", ["aCodeOfTomorrow", "", "CHECKHOLDINGS", "limit"])
def test_a_code_that_nobody_knows_gets_what_the_status_says(status: OrderStatus, code: str) -> None:
    assert advise(stock(status, code), None) == advise(stock(status), None)


@pytest.mark.parametrize("code", ["circuitLimit", "circuitLimitExceeded", "circuitLimitBreach"])
def test_the_circuit_limits_code_is_known_by_its_beginning(code: str) -> None:
    assert "limit for the day" in advise(stock(code=code), None).text


def test_every_status_has_words_of_its_own() -> None:
    texts = [advise(stock(status), None).text for status in OrderStatus]

    assert all(text.endswith(".") for text in texts)
    assert len(set(texts)) == len(OrderStatus)


def test_a_rejection_without_a_reason_sends_the_user_to_support() -> None:
    assert advise(stock(), None) == UNKNOWN


@pytest.mark.parametrize("code", ["marginsExceeded", "aCodeOfTomorrow"])
def test_what_is_done_or_open_is_not_called_failed_for_a_code_it_carries(code: str) -> None:
    for status in (OrderStatus.COMPLETE, OrderStatus.PLACED, OrderStatus.UNKNOWN):
        assert advise(stock(status, code), None) == advise(stock(status), None)


def test_an_order_placed_after_hours_says_so() -> None:
    assert "after-market" in advise(stock(OrderStatus.PLACED), "amo").text
    assert "after-market" not in advise(stock(OrderStatus.PLACED), "regular").text
    assert advise(stock(OrderStatus.COMPLETE), "amo").text == "Done."


def test_what_filled_in_part_says_why_the_rest_did_not() -> None:
    told = advise(replace(stock(OrderStatus.REJECTED, "marginsExceeded"), filled=4), "regular")
    assert told.text == f"Filled in part. The rest: {ADVICE['marginsExceeded'].text}"
    assert advise(replace(stock(OrderStatus.CANCELLED, None), filled=4), None).text.startswith("Filled in part")


# A transaction ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TRANSACTION_CODES)
def test_every_transaction_error_is_shown_in_words_with_an_action(code: int) -> None:
    failed = placed_by(status=Status.ERRORED, failure=Failure(code, "message_of_gateway"))

    for error in (OrderView.of(failed, []).error, TransactionView.of(failed).error):
        assert error is not None
        assert error.text.endswith(".")
        assert error.text != transaction_messages.UNKNOWN.text or code == 2000
        assert "message_of_gateway" not in error.text
        assert error.action in Action


@pytest.mark.parametrize("code", [0, 1000, 4001, 9999])
def test_a_transaction_error_of_tomorrow_has_words_too(code: int) -> None:
    assert transaction_messages.advise(code) == transaction_messages.UNKNOWN


def test_an_order_that_gateway_lost_sight_of_is_not_called_failed() -> None:
    assert transaction_messages.advise(4006) == (
        "Your order is on its way. Its status will be updated shortly.",
        "WAIT",
    )


# What is served --------------------------------------------------------------------------------


def test_the_brokers_own_text_is_never_served() -> None:
    orders = [stock(status, code) for status in OrderStatus for code in (None, "otherError", "aCodeOfTomorrow")]
    shown = (BatchView.of(known(*orders)), OrderView.of(placed_by(), [known(*orders)]))

    for view in shown:
        assert BROKERS_OWN_TEXT not in view.model_dump_json(by_alias=True)
        assert "statusMessage" not in view.model_dump_json(by_alias=True)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_average_price_is_served_only_of_what_is_complete(status: OrderStatus) -> None:
    shown = StockView.of(stock(status, average_price=Decimal("420.1"), filled=4), None)

    assert shown.average_price == (Decimal("420.1") if status is OrderStatus.COMPLETE else None)
    assert shown.filled_quantity == 4


def test_what_was_asked_stands_beside_what_the_exchange_did() -> None:
    asked = [RequestedSecurity("AXISBANK", 4, "BUY"), RequestedSecurity("M&M", 1, "SELL")]
    stranger = replace(stock(OrderStatus.COMPLETE, filled=2), ticker="HDFCBANK")
    view = OrderView.of(placed_by(*asked), [known(stock(), stranger)])

    (batch,) = view.batches
    assert [(one.ticker, one.quantity) for one in batch.orders] == [("AXISBANK", 10), ("HDFCBANK", 10)]
    assert [one.requested and one.requested["quantity"] for one in batch.orders] == [4, None]
    assert [one["ticker"] for one in view.left_out] == ["M&M"]
    assert (view.name, view.updated_at, view.final) == ("Two banks", NOW + timedelta(hours=1), True)


def test_the_investment_that_an_order_made_is_named() -> None:
    bought = placed_by(order=OrderRequest("BUY", scid="SCNM_1"), outcome=Outcome(scid="SCNM_1", iscid="5d94"))

    assert (OrderView.of(bought, []).scid, OrderView.of(bought, []).iscid) == ("SCNM_1", "5d94")
    assert OrderView.of(placed_by(order=OrderRequest("EXIT", iscid="5d95")), []).iscid == "5d95"
