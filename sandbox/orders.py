"""Orders and the batches they come in, as Gateway tells of them (contract 5.1 to 5.3)."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.exact_json import to_float
from sandbox.script import Sending
from sandbox.state import State

Json = dict[str, Any]


@dataclass
class Order:
    """One security of a batch."""

    ticker: str
    side: str
    quantity: int
    order_type: str = "MARKET"
    limit: float | None = None
    status: str = "PLACED"
    filled: int = 0
    average: float = 0.0
    error_code: str | None = None
    # The broker's own text: for the partner's support, not for users.
    message: str | None = None
    # None until the order has reached the exchange.
    exchange_id: str | None = None
    is_unplaced: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == "PLACED"

    @property
    def was_withdrawn(self) -> bool:
        """By the user, before anything of it was executed."""
        return self.status in ("CANCELLED", "CANCELLED AMO") and not self.error_code and not self.filled

    @property
    def amount(self) -> float:
        return self.average * self.filled

    def fill(self, filled: int, price: float) -> None:
        """`filled` shares in all by now, the new ones at `price`."""
        self.average = (self.amount + price * (filled - self.filled)) / filled if self.filled else price
        self.filled = filled
        if filled == self.quantity:
            self.status = "COMPLETE"

    def told(self) -> Json:
        price = {"averagePrice": self.average} if self.status == "COMPLETE" else {}
        exchange_id = {"exchangeOrderId": self.exchange_id} if self.exchange_id else {}
        return {
            "tradingsymbol": self.ticker,
            "transactionType": self.side,
            "orderType": self.order_type,
            "status": self.status,
            "quantity": self.quantity,
            "filledQuantity": self.filled,
            **price,
            "product": "CNC",
            "exchange": "NSE",
            **exchange_id,
            "errorCode": self.error_code,
            "statusMessage": self.message,
        }


@dataclass
class Batch:
    """What the user confirmed on one order screen."""

    id: str
    transaction_id: str
    auth_id: str
    broker: str
    notes: str | None
    variety: str
    placed_at: str
    # What becomes of the webhooks about it.
    webhooks: Sending
    orders: list[Order] = field(default_factory=list)
    completed_date: str | None = None
    # The kind of smallcase order; None for securities.
    label: str | None = None
    iscid: str | None = None

    @property
    def is_open(self) -> bool:
        return any(order.is_open for order in self.orders)

    @property
    def is_amo(self) -> bool:
        return self.variety == "amo"

    @property
    def placed(self) -> list[Order]:
        return [order for order in self.orders if not order.is_unplaced]

    @property
    def unplaced(self) -> list[Order]:
        return [order for order in self.orders if order.is_unplaced]

    @property
    def complete(self) -> list[Order]:
        return [order for order in self.orders if order.status == "COMPLETE"]

    @property
    def status(self) -> str:
        """As contract 5.2 derives it; a batch that was cancelled or failed as a whole says so (5.1)."""
        if not self.placed:
            return "UNPLACED"
        if self.is_open:
            return "PARTIALLYPLACED" if self.unplaced else "PLACED"
        if self.complete:
            return "COMPLETED" if len(self.complete) == len(self.orders) else "PARTIALLYFILLED"
        if all(order.was_withdrawn for order in self.orders):
            return "CANCELLED"
        return "ERROR" if all(order.status == "ERROR" for order in self.placed) else "UNFILLED"

    def order(self, ticker: str) -> Order | None:
        return next((order for order in self.orders if order.ticker == ticker), None)

    def told(self) -> Json:
        """`quantity` and `filled` count securities, not shares."""
        return {
            "batchId": self.id,
            "variety": self.variety,
            "status": self.status,
            "quantity": len(self.orders),
            "filled": len(self.complete),
            "buyAmount": self._amount("BUY"),
            "sellAmount": self._amount("SELL"),
            "completedDate": self.completed_date,
            "orders": [order.told() for order in self.placed],
            "unplaced": [order.told() for order in self.unplaced],
            "broker": self.broker,
            "transactionId": self.transaction_id,
            **({} if self.notes is None else {"notes": self.notes}),
            **({} if self.label is None else {"label": self.label}),
        }

    def _amount(self, side: str) -> float:
        return sum(order.amount for order in self.orders if order.side == side)


class Book:
    """Every batch that was ever placed."""

    def __init__(self, state: State) -> None:
        self._state = state

    def keep(self, batch: Batch) -> None:
        self._state.put("batch", batch.id, asdict(batch))
        self._state.put("batch-of", batch.transaction_id, batch.id)

    def get(self, batch_id: str) -> Batch | None:
        stored = self._state.get("batch", batch_id)
        return _read(stored) if stored else None

    def of(self, transaction_id: str) -> Batch | None:
        batch_id = self._state.get("batch-of", transaction_id)
        return self.get(batch_id) if batch_id else None

    def every(self) -> list[Batch]:
        return [_read(stored) for _, stored in self._state.items("batch")]


def _read(stored: Json) -> Batch:
    return Batch(**stored | {"orders": [_read_order(order) for order in stored["orders"]]})


def _read_order(stored: Json) -> Order:
    limit = stored["limit"]
    return Order(
        **stored | {"average": to_float(stored["average"]), "limit": None if limit is None else to_float(limit)}
    )
