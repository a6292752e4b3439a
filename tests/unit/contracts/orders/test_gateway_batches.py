"""Gateway's order batches, however they are wrapped and spelled (contract 2.7, 3.4, 5.3)."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.merge import differs
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import GatewayUnavailable
from testing.portfolios import FIXTURES

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
GUIDE_003 = (FIXTURES / "order-webhook.json").read_text()
BATCH: dict[str, Any] = {"batchId": "batch-1", "status": "PLACED"}
STOCK: dict[str, Any] = {"tradingsymbol": "AXISBANK", "transactionType": "BUY", "status": "PLACED"}


def read(data: Any) -> list[Batch]:
    """Through JSON, as it arrives."""
    return parse_batches(exact_json.loads(json.dumps(data)), NOW).batches


def stock(**members: Any) -> Order:
    ((order,),) = (found.orders for found in read(BATCH | {"orders": [STOCK | members]}))
    return order


def test_guide_003s_webhook_is_parsed_to_the_letter() -> None:
    bought: dict[str, Any] = {
        "side": "BUY",
        "status": OrderStatus.COMPLETE,
        "reported_at": NOW,
        "quantity": 1,
        "filled": 1,
    }
    market: dict[str, Any] = {"order_type": "MARKET", "product": "CNC", "exchange": "NSE"}
    axis: dict[str, Any] = {"average_price": Decimal("420.1"), "exchange_order_id": "1000000010241945"}
    hdfc: dict[str, Any] = {"average_price": Decimal("1154.99"), "exchange_order_id": "1000000010241946"}

    assert parse_batches(exact_json.loads(GUIDE_003), NOW).batches == [
        Batch(
            id="5ef5b24a4d6cd54b4a3a8c11",
            status=BatchStatus.COMPLETED,
            orders=(Order("AXISBANK", **bought, **market, **axis), Order("HDFCBANK", **bought, **market, **hdfc)),
            reported_at=NOW,
            variety="regular",
            quantity=2,
            filled=2,
            buy_amount=Decimal("1575.0900000000001"),
            sell_amount=Decimal(0),
            completed_at="2020-06-26T08:33:54.803Z",
        )
    ]


@pytest.mark.parametrize(
    "data",
    [
        BATCH,
        [BATCH],
        {"orderBatches": [BATCH]},
        {"batches": [BATCH]},
        {"orderBatches": [BATCH], "batches": []},
        {"orderBatches": None, "batches": [BATCH]},
        BATCH | {"orders": None, "unplaced": None, "quantity": None, "buyAmount": None, "label": "x", "dummy": True},
    ],
)
def test_a_batch_is_found_in_any_wrapping(data: Any) -> None:
    assert read(data) == [Batch("batch-1", BatchStatus.PLACED, (), NOW)]


@pytest.mark.parametrize("data", [None, [], {"orderBatches": []}, {"batches": []}])
def test_an_empty_answer_holds_no_batch(data: Any) -> None:
    assert read(data) == []


def test_several_batches_stay_in_their_order() -> None:
    assert [found.id for found in read([BATCH, BATCH | {"batchId": "batch-2"}])] == ["batch-1", "batch-2"]


@pytest.mark.parametrize("data", ["text", 5, True, {}, {"batchId": ""}, {"batchId": None}, [None], {"batchId": []}])
def test_a_value_that_is_no_batch_is_refused(data: Any) -> None:
    with pytest.raises(GatewayUnavailable):
        read(data)


@pytest.mark.parametrize("quantity", ["10", "10.0", "1e1", "1.00E+1", '"10"'])
def test_a_whole_number_of_shares_may_be_written_as_a_fraction_or_a_text(quantity: str) -> None:
    text = f'{{"batchId":"b","orders":[{{"tradingsymbol":"T","quantity":{quantity},"filledQuantity":{quantity}}}]}}'
    ((order,),) = (found.orders for found in parse_batches(exact_json.loads(text), NOW).batches)

    assert (order.quantity, order.filled) == (10, 10)
    assert type(order.quantity) is int


@pytest.mark.parametrize("value", [10.5, -1, "x", "-1", "1.5", "", "9" * 10, True, [1], {}])
@pytest.mark.parametrize("member", ["quantity", "filledQuantity"])
def test_a_count_that_is_none_is_missing_and_hides_nothing_else(member: str, value: Any) -> None:
    odd, other = read(BATCH | {"orders": [STOCK | {"quantity": 9} | {member: value}, STOCK]})[0].orders

    assert (odd.ticker, other.filled) == ("AXISBANK", 0)
    assert (odd.quantity if member == "quantity" else odd.filled) is None


def test_a_count_of_absurd_size_costs_no_time() -> None:
    text = '{"batchId":"b","quantity":1e20000000,"orders":[{"tradingsymbol":"T","filledQuantity":-1e20000000}]}'
    (found,) = parse_batches(exact_json.loads(text), NOW).batches

    assert (found.quantity, found.orders[0].filled) == (None, None)


@pytest.mark.parametrize("number", range(4))
def test_an_odd_field_of_a_stock_leaves_the_batch_readable(number: int) -> None:
    cases = json.loads((FIXTURES / "order-one-odd-field.json").read_text())

    (found,) = read(cases[number])

    assert [(order.ticker, order.status) for order in found.orders] == [
        ("IPL", OrderStatus.COMPLETE),
        ("TCS", OrderStatus.COMPLETE),
    ]
    assert found.shares_filled == 30


@pytest.mark.parametrize("name", ["transactionType", "orderType", "product", "exchange", "exchangeOrderId"])
@pytest.mark.parametrize("value", [[], {}, True, 5])
def test_a_member_of_an_odd_type_hides_nothing_else(name: str, value: Any) -> None:
    assert stock(**{name: value, "filledQuantity": 4}).filled == 4


@pytest.mark.parametrize("name", ["status", "variety", "completedDate", "quantity", "filled", "buyAmount"])
@pytest.mark.parametrize("value", [[], {}, True, 5, "x" * 1000])
def test_an_odd_member_of_a_batch_hides_none_of_its_stocks(name: str, value: Any) -> None:
    (found,) = read(BATCH | {"orders": [STOCK], name: value})

    assert len(found.orders) == 1


@pytest.mark.parametrize(
    ("data", "unreadable"),
    [
        ([BATCH, None, BATCH | {"batchId": "batch-2"}], 1),
        ([BATCH, BATCH | {"batchId": None}, "text"], 2),
        (BATCH | {"orders": [STOCK, "text", None], "unplaced": ["text"]}, 3),
        (BATCH | {"orders": "text"}, 1),
        (BATCH | {"orders": None, "unplaced": []}, 0),
    ],
)
def test_what_is_no_batch_or_stock_is_counted_and_hides_nothing(data: Any, unreadable: int) -> None:
    found = parse_batches(exact_json.loads(json.dumps(data)), NOW)

    assert (found.batches[0].id, found.unreadable) == ("batch-1", unreadable)


@pytest.mark.parametrize("text", ["CANCELLED AMO", "CANCELLED_AMO", "cancelled amo"])
def test_a_cancelled_amo_order_is_recognised_with_and_without_the_space(text: str) -> None:
    assert stock(status=text).status is OrderStatus.CANCELLED_AMO


@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_documented_status_of_a_stock_is_recognised(status: OrderStatus) -> None:
    assert stock(status=status.value).status is status


@pytest.mark.parametrize("status", list(BatchStatus))
def test_every_documented_status_of_a_batch_is_recognised(status: BatchStatus) -> None:
    assert read(BATCH | {"status": status.value})[0].status is status


@pytest.mark.parametrize("status", ["TRIGGER PENDING", "IN_TRANSIT", "", "?"])
def test_an_undocumented_status_is_unknown_and_open(status: str) -> None:
    (found,) = read(BATCH | {"status": status, "orders": [STOCK | {"status": status}]})

    assert (found.status, found.orders[0].status) == (BatchStatus.UNKNOWN, OrderStatus.UNKNOWN)
    assert not found.is_final


def test_an_unplaced_order_is_marked_as_not_placed() -> None:
    refused = {"tradingsymbol": "M&M", "status": "ERROR", "errorCode": "marginsExceeded", "statusMessage": "no money"}
    (found,) = read(BATCH | {"orders": [STOCK], "unplaced": [refused]})

    assert [(order.ticker, order.is_placed) for order in found.orders] == [("AXISBANK", True), ("M&M", False)]
    assert (found.orders[1].error_code, found.orders[1].status_message) == ("marginsExceeded", "no money")


@pytest.mark.parametrize("digits", ["1575.0900000000001", "0.1", "1e-7", "123456789012345678.123456789"])
def test_amounts_keep_their_digits(digits: str) -> None:
    text = f'{{"batchId":"b","buyAmount":{digits},"orders":[{{"tradingsymbol":"T","averagePrice":{digits}}}]}}'
    (found,) = parse_batches(exact_json.loads(text), NOW).batches

    assert found.buy_amount == found.orders[0].average_price == Decimal(digits)


@pytest.mark.parametrize("amount", ["many", [], {}, True, None, "NaN"])
def test_an_order_with_an_invalid_amount_is_kept(amount: Any) -> None:
    (found,) = read(BATCH | {"buyAmount": amount, "orders": [STOCK | {"averagePrice": amount, "filledQuantity": 4}]})

    assert (found.buy_amount, found.orders[0].average_price, found.shares_filled) == (None, None, 4)


def test_an_order_without_a_ticker_is_kept() -> None:
    (found,) = read(BATCH | {"orders": [{"filledQuantity": 4}, STOCK]})

    assert [(order.ticker, order.filled) for order in found.orders] == [("", 4), ("AXISBANK", 0)]


@pytest.mark.parametrize("price", [0, 0.0, "0", -1, 1e-40])
def test_a_price_of_zero_is_not_known(price: Any) -> None:
    assert stock(status="COMPLETE", filledQuantity=4, averagePrice=price).average_price is None


def test_an_amount_of_zero_is_an_amount() -> None:
    assert read(BATCH | {"sellAmount": 0})[0].sell_amount == 0


def test_a_stock_that_is_listed_twice_is_one_stock() -> None:
    twice = STOCK | {"exchangeOrderId": "1"}
    (found,) = read(BATCH | {"orders": [twice, twice | {"filledQuantity": 4}]})

    assert [order.filled for order in found.orders] == [4]


@pytest.mark.parametrize("digits", ["1e20", "-1e20", "1e999", '"1e30"'])
def test_an_absurd_amount_is_dropped(digits: str) -> None:
    text = f'{{"batchId":"b","buyAmount":{digits},"orders":[{{"tradingsymbol":"T","averagePrice":{digits}}}]}}'
    (found,) = parse_batches(exact_json.loads(text), NOW).batches

    assert (found.buy_amount, found.orders[0].average_price) == (None, None)
    assert not differs(found, found)


def test_exchange_ids_and_error_codes_become_texts() -> None:
    assert stock(exchangeOrderId=1000000010241945).exchange_order_id == "1000000010241945"
    assert stock(exchangeOrderId=None).exchange_order_id is None
    assert stock(errorCode=16387).error_code == "16387"


def test_a_brokers_long_text_is_cut() -> None:
    order = stock(statusMessage="x" * 400_000, errorCode="y" * 400_000)

    assert len(order.status_message or "") == len(order.error_code or "") == 500


def test_a_ticker_is_found_in_any_of_its_places() -> None:
    for named in ({"tradingsymbol": "M&M"}, {"ticker": "M&M"}, {"sidInfo": {"ticker": "M&M"}}):
        (found,) = read(BATCH | {"orders": [named]})
        assert found.orders[0].ticker == "M&M"
