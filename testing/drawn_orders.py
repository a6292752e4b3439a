"""Order batches as Gateway might report them, drawn by Hypothesis."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from testing.builders import NOW

_STOCKS = [("AXISBANK", "BUY", 1), ("AXISBANK", "SELL", 2), ("M&M", "BUY", 3), ("M&M", "BUY", 4)]
"""Ticker, side and the number of the exchange's id.

The last two are lots of one ticker: without an id their quantity, the same number, tells them apart. The quantity of
the others may change, as a user edits an open order.
"""


def _orders(at: datetime) -> st.SearchStrategy[tuple[Order, ...]]:
    """Some or all of the four stocks, in any order."""

    def order(stock: tuple[str, str, int]) -> st.SearchStrategy[Order]:
        filled = st.integers(0, 9)
        number = st.sampled_from([None, f"exchange-{stock[2]}"])
        return st.builds(
            Order, st.just(stock[0]), st.just(stock[1]), st.sampled_from(OrderStatus), st.just(at),
            st.just(stock[2]) if stock[0] == "M&M" else filled,
            filled=st.none() | filled, average_price=st.sampled_from([None, Decimal("1.5")]), exchange_order_id=number,
            **dict.fromkeys(["order_type", "product", "exchange", "error_code", "status_message"], st.none()),
            is_placed=st.just(True),
        )  # fmt: skip

    some = st.sampled_from([_STOCKS[:1], _STOCKS[:2], _STOCKS[1:3], _STOCKS[2:], _STOCKS])
    return some.flatmap(lambda stocks: st.permutations(stocks)).flatmap(lambda stocks: st.tuples(*map(order, stocks)))


def reports_at(at: datetime) -> st.SearchStrategy[Batch]:
    """What Gateway may report of the batch at that time: anything."""
    return st.builds(
        Batch, st.just("batch-1"), st.sampled_from(BatchStatus), _orders(at), st.just(at),
        quantity=st.none() | st.integers(1, 4), filled=st.none() | st.integers(0, 4),
        buy_amount=st.none() | st.just(Decimal("1.25")), completed_at=st.sampled_from([None, "2026-11-20T10:00:00Z"]),
        variety=st.none(), sell_amount=st.none(),
    )  # fmt: skip


REPORTS = st.integers(1, 5).flatmap(
    lambda count: st.tuples(*(reports_at(NOW + timedelta(seconds=number)) for number in range(count)))
)
"""Reports of different moments, in the order of time."""
