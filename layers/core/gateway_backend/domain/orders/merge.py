"""Two reports of one batch: merge them, and decide whether one confirms the other.

Reports may come late and twice. `merge` makes the order in which they come unimportant: no status goes back, no fill
shrinks, and no stock is lost.
"""

from collections.abc import Iterable
from copy import replace
from datetime import UTC, datetime
from decimal import Decimal

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.shared.money import ZERO

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOISE = Decimal("0.00001")
_SAME_AMOUNT = Decimal("0.005")
"""Rupees: Gateway's API and its webhooks round the same amount differently (contract 3.5)."""


def merge(recorded: Batch, report: Batch) -> Batch:
    """The two reports as one. Of two that are equally far on, the later counts: a user may edit an open order."""
    further = max(recorded, report, key=_batch_progress)
    return replace(
        further,
        orders=tuple(_merge_pair(*pair) for pair in _pairs(recorded.orders, report.orders)),
        filled=_larger(recorded.filled, report.filled),
        completed_at=further.completed_at or recorded.completed_at or report.completed_at,
    )


def merge_by_id(reports: Iterable[Batch]) -> dict[str, Batch]:
    """One report a batch, should an answer name one twice."""
    merged: dict[str, Batch] = {}
    for report in reports:
        merged[report.id] = merge(merged[report.id], report) if report.id in merged else report
    return merged


def differs(a: Batch, b: Batch) -> bool:
    """Whether the two differ in anything but their time and the rounding of their amounts."""
    return _essence(a) != _essence(b)


def confirms(recorded: Batch, claim: Batch) -> bool:
    """Whether everything agrees with what a webhook claims: it may be older than what is recorded, never further on."""
    if claim.id != recorded.id or claim.status.rank > recorded.status.rank:
        return False
    pairs = _pairs(recorded.orders, claim.orders)
    if any(claimed and not (order and _confirms_order(order, claimed)) for order, claimed in pairs):
        return False
    if not claim.status.is_final or recorded.status is BatchStatus.MARKEDCOMPLETE:
        return True  # the user closes a batch, as it is, after its end
    amounts = ((recorded.buy_amount, claim.buy_amount), (recorded.sell_amount, claim.sell_amount))
    return claim.status is recorded.status and all(_is_same_amount(*pair) for pair in amounts)


def _batch_progress(batch: Batch) -> tuple[int, bool, datetime]:
    has_amounts = bool(batch.buy_amount or batch.sell_amount)  # what was traded does not become nothing
    return batch.status.rank, has_amounts, batch.reported_at


def _order_progress(order: Order) -> tuple[int, bool, float]:
    """Of two reports of an open order the later is further on, since it may have been edited.

    Of two bad ends the first is: a broker's second word about a dead order is noise. Of two fills the one with a price.
    """
    reported_at, is_bad_end = order.reported_at.timestamp(), order.status.is_bad_end
    has_price = order.average_price is not None and not is_bad_end
    return order.status.rank, has_price, -reported_at if is_bad_end else reported_at


def distinct(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Two entries with one id of the exchange are one order: what is further on of them counts."""
    found: list[Order] = []
    for order in orders:
        at = next((at for at, earlier in enumerate(found) if _has_same_id(earlier, order)), None)
        if at is None:
            found.append(order)
        else:
            found[at] = _merge_pair(found[at], order)
    return tuple(found)


def _pairs(recorded: Iterable[Order], reported: Iterable[Order]) -> list[tuple[Order | None, Order | None]]:
    """The stocks of two reports side by side: by the exchange's id, else of equal quantity, else by position.

    Every id is settled first, so that an order without an id never takes the report of another that has one.
    """
    rows, waiting = list(recorded), list(reported)
    matches: dict[int, Order] = {}
    for is_same in (_has_same_id, _has_same_quantity, Order.could_be):
        for at, order in enumerate(rows):
            match = None if at in matches else next((found for found in waiting if is_same(order, found)), None)
            if match:
                waiting.remove(match)
                matches[at] = match
    return [*((order, matches.get(at)) for at, order in enumerate(rows)), *((None, order) for order in waiting)]


def _has_same_id(a: Order, b: Order) -> bool:
    return a.exchange_order_id is not None and a.exchange_order_id == b.exchange_order_id and a.could_be(b)


def _has_same_quantity(a: Order, b: Order) -> bool:
    return a.quantity == b.quantity and a.could_be(b)


def _merge_pair(a: Order | None, b: Order | None) -> Order:
    """The one that is further on. Nothing takes a fill back."""
    if a is None or b is None:
        return a or b  # type: ignore[return-value] # a pair has at least one of the two
    further, other = (a, b) if _order_progress(a) >= _order_progress(b) else (b, a)
    return replace(
        further,
        side=further.side or other.side,
        filled=_larger(a.filled, b.filled),
        exchange_order_id=further.exchange_order_id or other.exchange_order_id,
    )


def _confirms_order(recorded: Order, claim: Order) -> bool:
    if claim.status.rank > recorded.status.rank or (claim.filled or 0) > recorded.shares_filled:
        return False
    if claim.status.is_final and claim.status is not recorded.status:
        return False
    quantities = {claim.quantity, recorded.quantity} - {None}
    if claim.status is recorded.status and claim.status.is_final and len(quantities) > 1:
        return False
    both_done = claim.status is recorded.status is OrderStatus.COMPLETE
    return not both_done or _is_same_amount(recorded.average_price, claim.average_price)


def _essence(batch: Batch) -> Batch:
    orders = tuple(
        replace(order, reported_at=_NEVER, average_price=_rounded(order.average_price)) for order in batch.orders
    )
    buy_amount, sell_amount = _rounded(batch.buy_amount), _rounded(batch.sell_amount)
    return replace(batch, reported_at=_NEVER, orders=orders, buy_amount=buy_amount, sell_amount=sell_amount)


def _rounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_NOISE)


def _larger(a: int | None, b: int | None) -> int | None:
    return max((count for count in (a, b) if count is not None), default=None)


def _is_same_amount(recorded: Decimal | None, claimed: Decimal | None) -> bool:
    """A claim of zero says nothing: the amount may not have been known yet."""
    return not claimed or abs((recorded or ZERO) - claimed) <= _SAME_AMOUNT
