"""Orders as the app sees them: what was requested beside what the exchange did.

Served with `Response.exact`: amounts are exact JSON numbers. The broker's own `statusMessage` is not in here.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self, TypedDict

from pydantic import Field

from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.contracts.transactions.views import FailureView, failure_of
from gateway_backend.domain.orders.batch import BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.messages import advise
from gateway_backend.domain.orders.recorded_batch import RecordedBatch, left_out
from gateway_backend.domain.orders.request import RequestedSecurity
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction


class RequestedView(TypedDict):
    """What the app asked for; null was left to the user, who may also change the rest."""

    ticker: str
    type: str | None
    quantity: int | None
    orderType: str | None
    validity: str | None
    price: Decimal | None
    triggerPrice: Decimal | None


def _requested_view(security: RequestedSecurity) -> RequestedView:
    return {
        "ticker": security.ticker,
        "type": security.side,
        "quantity": security.quantity,
        "orderType": security.order_type,
        "validity": security.validity,
        "price": security.price,
        "triggerPrice": security.trigger_price,
    }


class StockView(ResponseModel):
    """One stock as the exchange has it. Quantities are shares, prices rupees."""

    ticker: str
    type: str | None
    status: OrderStatus = Field(description="UNKNOWN is a word of Gateway's that is new to us")
    final: bool
    placed: bool = Field(description="false: it never reached the broker")
    quantity: int | None
    filled_quantity: int | None = Field(description="null when Gateway's count cannot be read")
    average_price: Decimal | None = Field(description="Only of COMPLETE, and null until it is known")
    order_type: str | None
    product: str | None
    exchange: str | None
    exchange_order_id: str | None
    error_code: str | None = Field(description="Gateway's own; an open list: new ones may come")
    text: str = Field(description="For the user's eyes")
    action: Action
    requested: RequestedView | None = Field(
        description="What the app asked for, in GET /v1/orders/{transactionId}; null for what it did not, and in lists"
    )

    @classmethod
    def of(cls, order: Order, variety: str | None, requested: RequestedView | None = None) -> Self:
        advice = advise(order, variety)
        return cls(
            ticker=order.ticker,
            type=order.side,
            status=order.status,
            final=order.status.is_final,
            placed=order.is_placed,
            quantity=order.quantity,
            filled_quantity=order.filled,
            average_price=order.average_price if order.status is OrderStatus.COMPLETE else None,
            order_type=order.order_type,
            product=order.product,
            exchange=order.exchange,
            exchange_order_id=order.exchange_order_id,
            error_code=order.error_code,
            text=advice.text,
            action=advice.action,
            requested=requested,
        )


class BatchView(ResponseModel):
    """Securities that the user confirmed together."""

    batch_id: str
    transaction_id: str
    smallcase_auth_id: str | None
    broker: str | None
    name: str | None = Field(description="The basket's, as the app named it")
    variety: str | None = Field(description="regular, or amo: placed after market hours")
    status: BatchStatus = Field(description="Rely on the stocks' own statuses, as smallcase recommends")
    final: bool
    revision: int = Field(description="Counts the steps from 1, as OrderUpdated does")
    quantity: int | None = Field(description="Securities, not shares")
    filled: int | None = Field(description="Securities, not shares")
    buy_amount: Decimal | None
    sell_amount: Decimal | None
    completed_date: str | None
    placed_at: Instant = Field(description="When we first heard of it")
    updated_at: Instant
    orders: list[StockView]

    @classmethod
    def of(cls, recorded: RecordedBatch, requested: Sequence[RequestedSecurity] = ()) -> Self:
        batch = recorded.batch
        requested_views = {security.ticker: _requested_view(security) for security in requested}
        orders = [StockView.of(order, batch.variety, requested_views.get(order.ticker)) for order in batch.orders]
        return cls(**_batch(recorded), orders=orders)


class OrderView(ResponseModel):
    """A transaction of intent TRANSACTION with its batches; `final` when nothing more will come."""

    transaction_id: str
    type: str | None = Field(description="SECURITIES or the kind of smallcase order")
    status: Status
    final: bool
    smallcase_auth_id: str | None
    broker: str | None
    name: str | None
    logo: str | None
    scid: str | None
    iscid: str | None
    notes: str | None
    created_at: Instant
    updated_at: Instant | None
    error: FailureView | None
    requested: list[RequestedView]
    left_out: list[RequestedView] = Field(
        description="Asked for and in none of the batches: the user took it out. Empty while there is no batch"
    )
    batches: list[BatchView]

    @classmethod
    def of(cls, transaction: Transaction, batches: Sequence[RecordedBatch]) -> Self:
        order = transaction.order
        requested = order.securities if order else ()
        moved = [transaction.updated_at, *(recorded.updated_at for recorded in batches)]
        missing = left_out(requested, [recorded.batch for recorded in batches]) if batches else []
        return cls(
            transaction_id=transaction.id,
            type=order.type if order else None,
            status=transaction.status,
            final=transaction.is_settled and all(recorded.batch.is_final for recorded in batches),
            smallcase_auth_id=transaction.account_id or transaction.requested_account_id,
            broker=transaction.broker,
            name=(order.name if order else None) or transaction.outcome.name,
            logo=order.logo if order else None,
            scid=transaction.outcome.scid or (order.scid if order else None),
            iscid=transaction.outcome.iscid or (order.iscid if order else None),
            notes=transaction.note,
            created_at=transaction.created_at,
            updated_at=max(filter(None, moved), default=None),
            error=failure_of(transaction),
            requested=[_requested_view(security) for security in requested],
            left_out=[_requested_view(security) for security in missing],
            batches=[BatchView.of(recorded, requested) for recorded in batches],
        )


class OrdersView(ResponseModel):
    orders: list[BatchView]
    next_cursor: str | None = Field(description="A page may be short although more follow: go on until this is null")


def _batch(recorded: RecordedBatch) -> dict[str, Any]:
    batch = recorded.batch
    return {
        "batch_id": batch.id,
        "transaction_id": recorded.transaction_id,
        "smallcase_auth_id": recorded.account_id,
        "broker": recorded.broker,
        "name": recorded.name,
        "variety": batch.variety,
        "status": batch.status,
        "final": batch.is_final,
        "revision": recorded.revision,
        "quantity": batch.quantity,
        "filled": batch.filled,
        "buy_amount": batch.buy_amount,
        "sell_amount": batch.sell_amount,
        "completed_date": batch.completed_at,
        "placed_at": recorded.placed_at,
        "updated_at": recorded.updated_at,
    }
