"""Orders as the exchange filled them (contract 5): what was asked, what became of it, and which news is further on.

What was asked is never the truth about an order: the user may change it in Gateway's order screen, and only what comes
back counts. News may come late and twice; `merge` makes the order in which it comes unimportant.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from gateway_backend.domain.orders.request import RequestedSecurity
from gateway_backend.domain.shared.money import ZERO

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOISE = Decimal("0.00001")
_CLOSE_ENOUGH = Decimal("0.005")
"""Rupees: Gateway's API and its webhooks round the same amount differently (contract 3.5)."""


class OrderStatus(StrEnum):
    """Of one stock, the one to rely on. UNKNOWN: a word that smallcase has not documented."""

    # contract 5.2

    UNKNOWN = "UNKNOWN"
    PLACED = "PLACED"
    ERROR = "ERROR"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    CANCELLED_AMO = "CANCELLED AMO"
    COMPLETE = "COMPLETE"

    @property
    def rank(self) -> int:
        """How far on it is. All ends are equal but for the fill, which nothing takes back."""
        return {OrderStatus.UNKNOWN: 0, OrderStatus.PLACED: 1, OrderStatus.COMPLETE: 3}.get(self, 2)

    @property
    def is_final(self) -> bool:
        return self.rank >= OrderStatus.ERROR.rank


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

    @property
    def rank(self) -> int:
        return {BatchStatus.UNKNOWN: 0, BatchStatus.PLACED: 1, BatchStatus.PARTIALLYPLACED: 1}.get(self, 2)

    @property
    def is_final(self) -> bool:
        return self.rank >= BatchStatus.COMPLETED.rank


@dataclass(frozen=True, slots=True)
class Order:
    """One stock of a batch. Quantities are shares; `average_price` is in rupees and means something once COMPLETE.

    `is_placed`: the broker has it; otherwise it stood among `unplaced`. `status_message` is the broker's own text, for
    support only. `asked_at`: when Gateway was asked for this.
    """

    ticker: str
    side: str | None
    status: OrderStatus
    asked_at: datetime
    quantity: int | None = None
    filled: int = 0
    average_price: Decimal | None = None
    order_type: str | None = None
    product: str | None = None
    exchange: str | None = None
    exchange_order_id: str | None = None
    error_code: str | None = None
    status_message: str | None = None
    is_placed: bool = True

    @property
    def progress(self) -> tuple[int, bool, float]:
        """Of two news of an open order the later is further on: it may have been edited. Of two bad ends the first is.

        Of two fills the one that has its price.
        """
        asked_at = self.asked_at.timestamp()
        is_bad_end = self.status.rank == OrderStatus.ERROR.rank
        return (
            self.status.rank,
            self.average_price is not None and not is_bad_end,
            -asked_at if is_bad_end else asked_at,
        )

    def could_be(self, other: Self) -> bool:
        """Can the two be one stock? An id of the exchange tells; a side that was not told fits any."""
        ids = {self.exchange_order_id, other.exchange_order_id} - {None}
        sides = {self.side, other.side} - {None}
        return self.ticker == other.ticker and len(sides) < 2 and len(ids) < 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Securities that the user confirmed together. `quantity` and `filled` count securities, not shares.

    `buy_amount` and `sell_amount` are rupees, `completed_at` is Gateway's own text.
    """

    id: str
    status: BatchStatus
    orders: tuple[Order, ...]
    asked_at: datetime
    variety: str | None = None
    quantity: int | None = None
    filled: int | None = None
    buy_amount: Decimal | None = None
    sell_amount: Decimal | None = None
    completed_at: str | None = None

    @property
    def shares_filled(self) -> int:
        return sum(order.filled for order in self.orders)

    @property
    def is_final(self) -> bool:
        """The stocks' own statuses count (contract 5.1), unless the user has closed the batch as it is."""
        if self.status is BatchStatus.MARKEDCOMPLETE:
            return True
        stocks_are = all(order.status.is_final for order in self.orders)
        return stocks_are and (self.status.is_final or (self.status is BatchStatus.UNKNOWN and bool(self.orders)))

    @property
    def _progress(self) -> tuple[int, bool, datetime]:
        has_amounts = self.buy_amount is not None or self.sell_amount is not None
        return self.status.rank, has_amounts, self.asked_at

    def merge(self, news: Self) -> Self:
        """The batch after the news. No status goes back, no fill shrinks, and no stock is lost.

        Of two equally far the one that was asked for later counts: a user may edit an open order.
        """
        further = max(self, news, key=lambda batch: batch._progress)
        counts = [batch.filled for batch in (self, news) if batch.filled is not None]
        return replace(
            further,
            orders=_merged(self.orders, news.orders),
            filled=max(counts, default=None),
            completed_at=further.completed_at or self.completed_at or news.completed_at,
        )

    def differs_from(self, other: Self) -> bool:
        """Is there anything to tell, beside when it was asked for and the noise in its amounts?"""
        return self._told() != other._told()

    def confirms(self, claim: Self) -> bool:
        """Does everything agree with what a webhook claims? What it says may be older than this, never further on."""
        if claim.id != self.id or claim.status.rank > self.status.rank:
            return False
        pairs = _pairs(self.orders, claim.orders)
        if any(claimed and not (known and _confirms(known, claimed)) for known, claimed in pairs):
            return False
        if not claim.status.is_final or self.status is BatchStatus.MARKEDCOMPLETE:
            return True  # the user closes a batch, as it is, after its end
        return claim.status is self.status and self._has_amounts_of(claim)

    def _has_amounts_of(self, claim: Self) -> bool:
        pairs = ((self.buy_amount, claim.buy_amount), (self.sell_amount, claim.sell_amount))
        return all(_same_amount(known, claimed) for known, claimed in pairs)

    def _told(self) -> Self:
        orders = tuple(
            replace(order, asked_at=_NEVER, average_price=_rounded(order.average_price)) for order in self.orders
        )
        buy_amount, sell_amount = _rounded(self.buy_amount), _rounded(self.sell_amount)
        return replace(self, asked_at=_NEVER, orders=orders, buy_amount=buy_amount, sell_amount=sell_amount)


@dataclass(frozen=True, slots=True)
class KnownBatch:
    """A batch of ours. `revision` counts its steps from 1; `account_id` is where it was placed, once that is known."""

    batch: Batch
    transaction_id: str
    owner: str
    account_id: str | None
    broker: str | None
    name: str | None
    placed_at: datetime
    updated_at: datetime
    revision: int

    def is_changed_by(self, news: Batch, account_id: str | None) -> bool:
        """Is there anything in the news, or in the account being known now, that is not here yet?"""
        is_placed_now = self.account_id is None and account_id is not None
        return is_placed_now or self.batch.merge(news).differs_from(self.batch)


def _pairs(known: Iterable[Order], news: Iterable[Order]) -> list[tuple[Order | None, Order | None]]:
    """The stocks of two sayings about one batch, side by side: by the exchange's id, else by ticker, side and order."""
    waiting = list(news)
    pairs: list[tuple[Order | None, Order | None]] = []
    for order in known:
        alike = [one for one in waiting if one.could_be(order)]
        by_id = [one for one in alike if one.exchange_order_id and one.exchange_order_id == order.exchange_order_id]
        match = next(iter(by_id or alike), None)
        if match:
            waiting.remove(match)
        pairs.append((order, match))
    return [*pairs, *((None, order) for order in waiting)]


def _merged(known: Iterable[Order], news: Iterable[Order]) -> tuple[Order, ...]:
    return tuple(
        _further(before, after) if before and after else (before or after)  # type: ignore[misc]
        for before, after in _pairs(known, news)
    )


def _further(a: Order, b: Order) -> Order:
    """The one that is further on. Nothing takes a fill back."""
    further, other = (a, b) if a.progress >= b.progress else (b, a)
    return replace(
        further,
        side=further.side or other.side,
        filled=max(a.filled, b.filled),
        exchange_order_id=further.exchange_order_id or other.exchange_order_id,
    )


def _confirms(known: Order, claim: Order) -> bool:
    if claim.status.rank > known.status.rank or claim.filled > known.filled:
        return False
    if claim.status.is_final and claim.status is not known.status:
        return False
    if claim.status is known.status and claim.status.is_final and claim.quantity != known.quantity:
        return False
    both_done = claim.status is known.status is OrderStatus.COMPLETE
    return not both_done or _same_amount(known.average_price, claim.average_price)


def _rounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_NOISE)


def _same_amount(known: Decimal | None, claimed: Decimal | None) -> bool:
    return claimed is None or abs((known or ZERO) - claimed) <= _CLOSE_ENOUGH


def left_out_of(requested: Iterable[RequestedSecurity], batches: Iterable[Batch]) -> list[RequestedSecurity]:
    """What was asked for and appears in no batch: the user took it out."""
    traded = {order.ticker for batch in batches for order in batch.orders}
    return [security for security in requested if security.ticker not in traded]
