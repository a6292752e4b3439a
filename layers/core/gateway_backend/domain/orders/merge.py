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
    counts = [batch.filled for batch in (recorded, report) if batch.filled is not None]
    return replace(
        further,
        orders=tuple(_merge_pair(*pair) for pair in _pairs(recorded.orders, report.orders)),
        filled=max(counts, default=None),
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
    has_amounts = batch.buy_amount is not None or batch.sell_amount is not None
    return batch.status.rank, has_amounts, batch.reported_at


def _order_progress(order: Order) -> tuple[int, bool, float]:
    """Of two reports of an open order the later is further on, since it may have been edited.

    Of two bad ends the first is: a broker's second word about a dead order is noise. Of two fills the one with a price.
    """
    reported_at, is_bad_end = order.reported_at.timestamp(), order.status.is_bad_end
    has_price = order.average_price is not None and not is_bad_end
    return order.status.rank, has_price, -reported_at if is_bad_end else reported_at


def _pairs(recorded: Iterable[Order], reported: Iterable[Order]) -> list[tuple[Order | None, Order | None]]:
    """The stocks of two reports side by side: by the exchange's id, else by ticker, side and position."""
    waiting = list(reported)
    pairs: list[tuple[Order | None, Order | None]] = []
    for order in recorded:
        alike = [candidate for candidate in waiting if candidate.could_be(order)]
        exact = [candidate for candidate in alike if candidate.exchange_order_id]
        match = next(iter([same for same in exact if same.exchange_order_id == order.exchange_order_id] or alike), None)
        if match:
            waiting.remove(match)
        pairs.append((order, match))
    return [*pairs, *((None, order) for order in waiting)]


def _merge_pair(a: Order | None, b: Order | None) -> Order:
    """The one that is further on. Nothing takes a fill back."""
    if a is None or b is None:
        return a or b  # type: ignore[return-value] # a pair has at least one of the two
    further, other = (a, b) if _order_progress(a) >= _order_progress(b) else (b, a)
    return replace(
        further,
        side=further.side or other.side,
        filled=max(a.filled, b.filled),
        exchange_order_id=further.exchange_order_id or other.exchange_order_id,
    )


def _confirms_order(recorded: Order, claim: Order) -> bool:
    if claim.status.rank > recorded.status.rank or claim.filled > recorded.filled:
        return False
    if claim.status.is_final and claim.status is not recorded.status:
        return False
    if claim.status is recorded.status and claim.status.is_final and claim.quantity != recorded.quantity:
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


def _is_same_amount(recorded: Decimal | None, claimed: Decimal | None) -> bool:
    return claimed is None or abs((recorded or ZERO) - claimed) <= _SAME_AMOUNT
