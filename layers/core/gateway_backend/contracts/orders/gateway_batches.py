"""Gateway's order batches, from a pull, a transaction's details or a webhook (contract 3.4, 5.3).

A module of its own, so that only the functions that sync orders define these models at their cold start.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AliasChoices, AliasPath, BeforeValidator, Field

from gateway_backend.contracts.shared.gateway_model import GatewayModel, parse_response
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus


def _whole(value: Any) -> Any:
    """Gateway's numbers are JSON doubles: 10.0 is ten shares, 10.5 is no number of shares."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    is_whole = isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()
    return int(value) if is_whole else value


def _amount(value: Any) -> Decimal | None:
    """A finite number; anything else counts as missing, so that the order is not lost for it."""
    try:
        number = Decimal(str(value)) if isinstance(value, int | str | Decimal) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number) < _MORE_THAN_THERE_IS else None


def _order_status(value: Any) -> Any:
    text = value.upper().replace("_", " ") if isinstance(value, str) else value
    return text if text in OrderStatus or not isinstance(value, str) else OrderStatus.UNKNOWN


def _batch_status(value: Any) -> Any:
    text = value.upper() if isinstance(value, str) else value
    return text if text in BatchStatus or not isinstance(value, str) else BatchStatus.UNKNOWN


def _text(value: Any) -> str:
    return str(value)[:_LONGEST_TEXT]


_MORE_THAN_THERE_IS = 10**20
"""Rupees; beyond it 28 digits would not do for arithmetic."""

_LONGEST_TEXT = 500
"""Of a broker's message: a batch must fit into an item."""

type _Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
type _Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, strict=True)]


class _Order(GatewayModel):
    ticker: Annotated[str, BeforeValidator(_text)] = Field(
        "", validation_alias=AliasChoices("tradingsymbol", "ticker", AliasPath("sidInfo", "ticker"))
    )
    side: str | None = Field(None, validation_alias="transactionType")
    status: Annotated[OrderStatus, BeforeValidator(_order_status)] = OrderStatus.UNKNOWN
    quantity: _Count | None = None
    filled: _Count = Field(0, validation_alias="filledQuantity")
    average_price: _Amount = Field(None, validation_alias="averagePrice")
    order_type: str | None = Field(None, validation_alias="orderType")
    product: str | None = None
    exchange: str | None = None
    exchange_order_id: Annotated[str | None, BeforeValidator(_text)] = Field(None, validation_alias="exchangeOrderId")
    error_code: Annotated[str | None, BeforeValidator(_text)] = Field(None, validation_alias="errorCode")
    status_message: Annotated[str | None, BeforeValidator(_text)] = Field(None, validation_alias="statusMessage")

    def order(self, reported_at: datetime, *, is_placed: bool) -> Order:
        return Order(**self.model_dump(), reported_at=reported_at, is_placed=is_placed)


class _Batch(GatewayModel):
    id: str = Field(validation_alias="batchId", min_length=1, max_length=128)
    status: Annotated[BatchStatus, BeforeValidator(_batch_status)] = BatchStatus.UNKNOWN
    variety: str | None = None
    quantity: _Count | None = None
    filled: _Count | None = None
    buy_amount: _Amount = Field(None, validation_alias="buyAmount")
    sell_amount: _Amount = Field(None, validation_alias="sellAmount")
    completed_at: str | None = Field(None, validation_alias="completedDate")
    orders: tuple[_Order, ...] = ()
    unplaced: tuple[_Order, ...] = ()

    def batch(self, reported_at: datetime) -> Batch:
        placed = [order.order(reported_at, is_placed=True) for order in self.orders]
        unplaced = [order.order(reported_at, is_placed=False) for order in self.unplaced]
        members = self.model_dump(exclude={"orders", "unplaced"})
        return Batch(**members, orders=(*placed, *unplaced), reported_at=reported_at)


def parse_batches(data: Any, reported_at: datetime) -> list[Batch]:
    """`data` is a batch, a list of them, or an object that holds the list (contract 2.7, 6.2); null and {} are none.

    Raises: GatewayUnavailable when something in it is no batch.
    """
    return [parse_response(_Batch, raw).batch(reported_at) for raw in _found(data)]


def _found(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        yield from data
    elif isinstance(data, dict) and data:
        held = next((data[name] for name in ("orderBatches", "batches") if isinstance(data.get(name), list)), None)
        yield from ([data] if held is None else held)
    elif data is not None:
        yield data
