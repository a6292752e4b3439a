"""Gateway's order batches, from a pull, a transaction's details or a webhook (contract 3.4, 5.3).

A module of its own, so that only the functions that sync orders define these models at their cold start.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import AliasChoices, AliasPath, BeforeValidator, Field

from gateway_backend.contracts.shared.gateway_model import GatewayModel, parse_response
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.merge import distinct
from gateway_backend.domain.shared.errors import GatewayUnavailable
from gateway_backend.domain.shared.money import readable


def _count(value: Any) -> int | None:
    """A count of shares or securities. Gateway writes doubles and texts: 10.0 and "10" are ten (contract 5.3).

    Anything else, such as 10.5 or -1, is no count: it is missing, and hides nothing else.
    """
    number = readable(value)
    return int(number) if number is not None and 0 <= number < _NO_COUNT and number == int(number) else None


def _amount(value: Any) -> Decimal | None:
    number = readable(value)
    return number if number is not None and abs(number) < _MORE_THAN_THERE_IS else None


def _price(value: Any) -> Decimal | None:
    """A price of zero is not known yet (contract 5.3)."""
    number = _amount(value)
    return number if number and number > 0 else None


def _text(value: Any) -> str | None:
    """What is too long for an item is cut off; what is neither a text nor a number is missing."""
    is_text = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    return str(value)[:_LONGEST_TEXT] if is_text else None


def _order_status(value: Any) -> OrderStatus:
    text = value.upper().replace("_", " ") if isinstance(value, str) else value
    return OrderStatus(text) if text in OrderStatus else OrderStatus.UNKNOWN


def _batch_status(value: Any) -> BatchStatus:
    text = value.upper() if isinstance(value, str) else value
    return BatchStatus(text) if text in BatchStatus else BatchStatus.UNKNOWN


def _objects(value: Any) -> list[Any]:
    """Of a list what is an object; anything else is left out, so that it hides nothing."""
    return [row for row in _rows(value) if isinstance(row, dict)]


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


_STOCKS = ("orders", "unplaced")
_NO_COUNT = 10**9
_MORE_THAN_THERE_IS = 10**20
"""Rupees; beyond it 28 digits would not do for arithmetic."""

_LONGEST_TEXT = 500
"""Of a broker's message: a batch must fit into an item."""

type _Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
type _Price = Annotated[Decimal | None, BeforeValidator(_price)]
type _Count = Annotated[int | None, BeforeValidator(_count)]
type _Text = Annotated[str | None, BeforeValidator(_text)]


class _Order(GatewayModel):
    ticker: _Text = Field("", validation_alias=AliasChoices("tradingsymbol", "ticker", AliasPath("sidInfo", "ticker")))
    side: _Text = Field(None, validation_alias="transactionType")
    status: Annotated[OrderStatus, BeforeValidator(_order_status)] = OrderStatus.UNKNOWN
    quantity: _Count = None
    filled: _Count = Field(0, validation_alias="filledQuantity")
    average_price: _Price = Field(None, validation_alias="averagePrice")
    order_type: _Text = Field(None, validation_alias="orderType")
    product: _Text = None
    exchange: _Text = None
    exchange_order_id: _Text = Field(None, validation_alias="exchangeOrderId")
    error_code: _Text = Field(None, validation_alias="errorCode")
    status_message: _Text = Field(None, validation_alias="statusMessage")

    def order(self, reported_at: datetime, *, is_placed: bool) -> Order:
        members = self.model_dump() | {"ticker": self.ticker or ""}
        return Order(**members, reported_at=reported_at, is_placed=is_placed)


class _Batch(GatewayModel):
    id: Annotated[str, BeforeValidator(_text)] = Field(validation_alias="batchId", min_length=1, max_length=128)
    status: Annotated[BatchStatus, BeforeValidator(_batch_status)] = BatchStatus.UNKNOWN
    variety: _Text = None
    quantity: _Count = None
    filled: _Count = None
    buy_amount: _Amount = Field(None, validation_alias="buyAmount")
    sell_amount: _Amount = Field(None, validation_alias="sellAmount")
    completed_at: _Text = Field(None, validation_alias="completedDate")
    orders: Annotated[tuple[_Order, ...], BeforeValidator(_objects)] = ()
    unplaced: Annotated[tuple[_Order, ...], BeforeValidator(_objects)] = ()

    def batch(self, reported_at: datetime) -> Batch:
        placed = [order.order(reported_at, is_placed=True) for order in self.orders]
        unplaced = [order.order(reported_at, is_placed=False) for order in self.unplaced]
        members = self.model_dump(exclude={"orders", "unplaced"})
        return Batch(**members, orders=distinct([*placed, *unplaced]), reported_at=reported_at)


class GatewayBatches(NamedTuple):
    """`unreadable`: how many further batches and stocks the answer had that are none."""

    batches: list[Batch]
    unreadable: int


def parse_batches(data: Any, reported_at: datetime) -> GatewayBatches:
    """`data` is a batch, a list of them, or an object that holds the list (contract 2.7, 6.2); null and {} are none.

    Raises: GatewayUnavailable when there is something and none of it is a batch.
    """
    batches: list[Batch] = []
    refused: list[GatewayUnavailable] = []
    unreadable = 0
    for raw in _found(data):
        try:
            batches.append(parse_response(_Batch, raw).batch(reported_at))
        except GatewayUnavailable as error:
            refused.append(error)
        else:
            unreadable += sum(not isinstance(row, dict) for name in _STOCKS for row in _rows(raw.get(name)))
    if refused and not batches:
        raise refused[0]
    return GatewayBatches(batches, unreadable + len(refused))


def _found(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        yield from data
    elif isinstance(data, dict) and data:
        held = next((data[name] for name in ("orderBatches", "batches") if isinstance(data.get(name), list)), None)
        yield from ([data] if held is None else held)
    elif data is not None:
        yield data
