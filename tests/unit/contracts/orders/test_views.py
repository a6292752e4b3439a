"""An order as the app sees it: the request beside what the exchange did, and never the broker's own text."""

from copy import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.contracts.orders.views import BatchView, OrderView, StockView
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Outcome, Status
from gateway_backend.domain.transactions.transaction import Transaction
from testing.builders import NOW, transaction

BROKERS_OWN_TEXT = "RMS:Margin Exceeds,Cash required 4201.00 for user XQ1234"


def stock(status: OrderStatus = OrderStatus.REJECTED, code: str | None = None, **more: Any) -> Order:
    return Order("AXISBANK", "BUY", status, NOW, 10, error_code=code, status_message=BROKERS_OWN_TEXT, **more)


def recorded(*orders: Order, **of_batch: Any) -> RecordedBatch:
    batch = Batch("batch-1", BatchStatus.PARTIALLYFILLED, orders, NOW, **of_batch)
    return RecordedBatch(batch, "TRX_1", "user-1", "account-1", "groww", "Two banks", NOW, NOW + timedelta(hours=1), 3)


def order_transaction(*securities: RequestedSecurity, **members: Any) -> Transaction:
    """A completed transaction for a basket of these."""
    defaults: dict[str, Any] = {
        "intent": Intent.TRANSACTION,
        "status": Status.COMPLETED,
        "account_id": "account-1",
        "broker": "groww",
        "result_persisted": True,
        "order": OrderRequest("SECURITIES", securities, "Two banks", "https://app.example/logo.png"),
    }
    return transaction(**(defaults | members))


def test_the_brokers_own_text_is_never_served() -> None:
    orders = [stock(status, code) for status in OrderStatus for code in (None, "otherError", "aCodeOfTomorrow")]
    shown = (BatchView.of(recorded(*orders)), OrderView.of(order_transaction(), [recorded(*orders)]))

    for view in shown:
        assert BROKERS_OWN_TEXT not in view.model_dump_json(by_alias=True)
        assert "statusMessage" not in view.model_dump_json(by_alias=True)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_the_average_price_is_served_of_a_complete_order_only(status: OrderStatus) -> None:
    shown = StockView.of(stock(status, average_price=Decimal("420.1"), filled=4), None)

    assert shown.average_price == (Decimal("420.1") if status is OrderStatus.COMPLETE else None)
    assert shown.filled_quantity == 4


def test_the_request_is_shown_beside_what_the_exchange_did() -> None:
    requested = [RequestedSecurity("AXISBANK", 4, "BUY"), RequestedSecurity("M&M", 1, "SELL")]
    not_requested = replace(stock(OrderStatus.COMPLETE, filled=2), ticker="HDFCBANK")
    view = OrderView.of(order_transaction(*requested), [recorded(stock(), not_requested)])

    (batch,) = view.batches
    assert [(order.ticker, order.quantity) for order in batch.orders] == [("AXISBANK", 10), ("HDFCBANK", 10)]
    assert [order.requested and order.requested["quantity"] for order in batch.orders] == [4, None]
    assert [security["ticker"] for security in view.left_out] == ["M&M"]
    assert (view.name, view.updated_at, view.final) == ("Two banks", NOW + timedelta(hours=1), True)


def test_the_investment_of_an_order_is_named() -> None:
    purchase = order_transaction(order=OrderRequest("BUY", scid="SCNM_1"), outcome=Outcome(scid="SCNM_1", iscid="5d94"))

    assert (OrderView.of(purchase, []).scid, OrderView.of(purchase, []).iscid) == ("SCNM_1", "5d94")
    assert OrderView.of(order_transaction(order=OrderRequest("EXIT", iscid="5d95")), []).iscid == "5d95"
