"""Orders and their batches, in the form in which Gateway reports them (contract 5.1 to 5.3)."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.scenario import WebhookPolicy

Json = dict[str, Any]


@dataclass
class Order:
    """The order of a single security."""

    ticker: str
    side: str
    quantity: int
    order_type: str = "MARKET"
    limit: float | None = None
    status: str = "PLACED"
    filled: int = 0
    average: float = 0.0
    error_code: str | None = None
    # The broker's own text, which is for the partner's support and not for users.
    message: str | None = None
    # None until the order has reached the exchange.
    exchange_id: str | None = None
    is_unplaced: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == "PLACED"

    @property
    def was_cancelled_unfilled(self) -> bool:
        """Whether the user cancelled it before any share was filled."""
        return self.status in ("CANCELLED", "CANCELLED AMO") and not self.error_code and not self.filled

    @property
    def amount(self) -> float:
        return self.average * self.filled

    def fill(self, filled: int, price: float) -> None:
        """Sets the number of filled shares; `price` is that of the shares which are new."""
        self.average = (self.amount + price * (filled - self.filled)) / filled if self.filled else price
        self.filled = filled
        if filled == self.quantity:
            self.status = "COMPLETE"

    def to_json(self) -> Json:
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
    """All orders that the user confirmed together on an order screen."""

    id: str
    transaction_id: str
    auth_id: str
    broker: str
    notes: str | None
    variety: str
    placed_at: str
    # What happens to the webhooks about this batch.
    webhooks: WebhookPolicy
    orders: list[Order] = field(default_factory=list)
    completed_date: str | None = None
    # The type of a smallcase order; None for securities.
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
        """The status that contract 5.2 derives from the orders; CANCELLED and ERROR when all orders are so."""
        if not self.placed:
            return "UNPLACED"
        if self.is_open:
            return "PARTIALLYPLACED" if self.unplaced else "PLACED"
        if self.complete:
            return "COMPLETED" if len(self.complete) == len(self.orders) else "PARTIALLYFILLED"
        if all(order.was_cancelled_unfilled for order in self.orders):
            return "CANCELLED"
        return "ERROR" if all(order.status == "ERROR" for order in self.placed) else "UNFILLED"

    def order(self, ticker: str) -> Order | None:
        return next((order for order in self.orders if order.ticker == ticker), None)

    def to_json(self) -> Json:
        """The batch as Gateway reports it; `quantity` and `filled` count securities, not shares."""
        return {
            "batchId": self.id,
            "variety": self.variety,
            "status": self.status,
            "quantity": len(self.orders),
            "filled": len(self.complete),
            "buyAmount": self._amount("BUY"),
            "sellAmount": self._amount("SELL"),
            "completedDate": self.completed_date,
            "orders": [order.to_json() for order in self.placed],
            "unplaced": [order.to_json() for order in self.unplaced],
            "broker": self.broker,
            "transactionId": self.transaction_id,
            **({} if self.notes is None else {"notes": self.notes}),
            **({} if self.label is None else {"label": self.label}),
        }

    def _amount(self, side: str) -> float:
        return sum(order.amount for order in self.orders if order.side == side)
