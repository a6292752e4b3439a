"""Order batches as Gateway reports them (contract 5): what the exchange has made of what a user confirmed.

What the app asked for is never the truth about an order: the user may change it in Gateway's order screen.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class OrderStatus(StrEnum):
    """Of one stock: rely on this one. UNKNOWN: a word that smallcase has not documented."""

    # contract 5.2

    UNKNOWN = "UNKNOWN"
    ACKED = "ACKED"
    PLACED = "PLACED"
    PARTIAL = "PARTIAL"
    ERROR = "ERROR"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    CANCELLED_AMO = "CANCELLED AMO"
    COMPLETE = "COMPLETE"

    @property
    def rank(self) -> int:
        """How far on it is. All ends are equal but for the fill, which nothing takes back."""
        return _ORDER_RANKS.get(self, 2)

    @property
    def is_final(self) -> bool:
        return self.rank >= OrderStatus.ERROR.rank

    @property
    def is_bad_end(self) -> bool:
        return self.rank == OrderStatus.ERROR.rank


class BatchStatus(StrEnum):
    """Of the whole batch."""

    # contract 5.1

    UNKNOWN = "UNKNOWN"
    PLACED = "PLACED"
    PARTIALLYPLACED = "PARTIALLYPLACED"
    COMPLETED = "COMPLETED"
    PARTIALLYFILLED = "PARTIALLYFILLED"
    UNFILLED = "UNFILLED"
    UNPLACED = "UNPLACED"
    CANCELLED = "CANCELLED"
    MARKEDCOMPLETE = "MARKEDCOMPLETE"
    ERROR = "ERROR"
    FIXED = "FIXED"

    @property
    def rank(self) -> int:
        """How far on it is. What was carried out whole, or closed by the user as it is, stays so."""
        return _BATCH_RANKS.get(self, 2)

    @property
    def is_final(self) -> bool:
        return self.rank >= BatchStatus.ERROR.rank


_ORDER_RANKS = {
    OrderStatus.UNKNOWN: 0,
    OrderStatus.ACKED: 1,
    OrderStatus.PLACED: 1,
    OrderStatus.PARTIAL: 1,
    OrderStatus.COMPLETE: 3,
}
_BATCH_RANKS = {
    BatchStatus.UNKNOWN: 0,
    BatchStatus.PLACED: 1,
    BatchStatus.PARTIALLYPLACED: 1,
    BatchStatus.COMPLETED: 3,
    BatchStatus.MARKEDCOMPLETE: 3,
}


class Order(NamedTuple):
    """One stock of a batch. Quantities are shares; `average_price` is in rupees and means something once COMPLETE.

    `filled` is None when Gateway's count cannot be read, `average_price` while it is not known.
    `reported_at`: when Gateway reported it. `is_placed`: the broker has it; otherwise Gateway lists it as unplaced.
    `status_message` is the broker's own text, for support only.
    """

    ticker: str
    side: str | None
    status: OrderStatus
    reported_at: datetime
    quantity: int | None = None
    filled: int | None = 0
    average_price: Decimal | None = None
    order_type: str | None = None
    product: str | None = None
    exchange: str | None = None
    exchange_order_id: str | None = None
    error_code: str | None = None
    status_message: str | None = None
    is_placed: bool = True

    @property
    def shares_filled(self) -> int:
        """At least as many: what is COMPLETE is filled, also where Gateway's count of it cannot be read."""
        if self.filled is not None:
            return self.filled
        return (self.quantity or 1) if self.status is OrderStatus.COMPLETE else 0

    @property
    def lacks_price(self) -> bool:
        """It was filled, and Gateway does not know at which price yet (contract 5.3)."""
        return self.status is OrderStatus.COMPLETE and self.average_price is None

    def could_be(self, other: "Order") -> bool:
        """Whether the two can be one stock: the exchange's ids differ for two. A missing id or side matches any."""
        ids = {self.exchange_order_id, other.exchange_order_id} - {None}
        sides = {self.side, other.side} - {None}
        return self.ticker == other.ticker and len(sides) < 2 and len(ids) < 2


class Batch(NamedTuple):
    """Securities that the user confirmed together. `quantity` and `filled` count securities, not shares.

    `buy_amount` and `sell_amount` are rupees, `completed_at` is Gateway's own text.
    """

    id: str
    status: BatchStatus
    orders: tuple[Order, ...]
    reported_at: datetime
    variety: str | None = None
    quantity: int | None = None
    filled: int | None = None
    buy_amount: Decimal | None = None
    sell_amount: Decimal | None = None
    completed_at: str | None = None

    @property
    def shares_filled(self) -> int:
        return sum(order.shares_filled for order in self.orders)

    @property
    def lacks_price(self) -> bool:
        return any(order.lacks_price for order in self.orders)

    @property
    def is_final(self) -> bool:
        """The stocks' own statuses count (contract 5.1), unless the user has closed the batch as it is."""
        if self.status is BatchStatus.MARKEDCOMPLETE:
            return True
        stocks_are = all(order.status.is_final for order in self.orders)
        return stocks_are and (self.status.is_final or (self.status is BatchStatus.UNKNOWN and bool(self.orders)))
