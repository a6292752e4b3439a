"""Orders only move forward, whatever news of them comes, in whatever order and however often."""

from collections import Counter
from copy import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.merge import confirms, differs, merge
from gateway_backend.domain.orders.recorded_batch import left_out
from gateway_backend.domain.orders.request import RequestedSecurity

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
FINAL_STOCK = [status for status in OrderStatus if status not in (OrderStatus.UNKNOWN, OrderStatus.PLACED)]
FINAL_BATCH = list(BatchStatus)[list(BatchStatus).index(BatchStatus.COMPLETED) :]


def stock(status: OrderStatus = OrderStatus.PLACED, ticker: str = "AXISBANK", **more: Any) -> Order:
    told: dict[str, Any] = {"ticker": ticker, "side": "BUY", "status": status, "reported_at": NOW, "quantity": 10}
    return Order(**(told | more))


def batch(status: BatchStatus = BatchStatus.PLACED, *orders: Order, **more: Any) -> Batch:
    told: dict[str, Any] = {"id": "batch-1", "status": status, "orders": orders or (stock(),), "reported_at": NOW}
    return Batch(**(told | more))


COMPLETE = stock(OrderStatus.COMPLETE, filled=10, average_price=Decimal("420.1"))
COMPLETED = batch(
    BatchStatus.COMPLETED, COMPLETE, quantity=1, filled=1, buy_amount=Decimal("4201"), sell_amount=Decimal(0)
)


# Which news is further on ----------------------------------------------------------------------

KEYS = [("AXISBANK", "BUY", 1), ("AXISBANK", "SELL", 2), ("M&M", "BUY", 3), ("M&M", "BUY", 4)]
"""Ticker, side and the exchange's number."""


def stocks(at: datetime) -> st.SearchStrategy[tuple[Order, ...]]:
    """Of the same four stocks some or all: two of one ticker, and two that nothing but their place tells apart."""

    def one(key: tuple[str, str, int]) -> st.SearchStrategy[Order]:
        filled = st.integers(0, 9)
        number = st.sampled_from([None, f"exchange-{key[2]}"])
        return st.builds(
            Order, st.just(key[0]), st.just(key[1]), st.sampled_from(OrderStatus), st.just(at), filled,
            filled=filled, average_price=st.sampled_from([None, Decimal("1.5")]), exchange_order_id=number,
            **dict.fromkeys(["order_type", "product", "exchange", "error_code", "status_message"], st.none()),
            is_placed=st.just(True),
        )  # fmt: skip

    some = st.sampled_from([KEYS[:1], KEYS[:2], KEYS[1:3], KEYS[2:], KEYS])
    return some.flatmap(lambda keys: st.tuples(*map(one, keys)))


def told(at: datetime) -> st.SearchStrategy[Batch]:
    return st.builds(
        Batch, st.just("batch-1"), st.sampled_from(BatchStatus), stocks(at), st.just(at),
        quantity=st.none() | st.integers(1, 4), filled=st.none() | st.integers(0, 4),
        buy_amount=st.none() | st.just(Decimal("1.25")), completed_at=st.sampled_from([None, "2026-11-20T10:00:00Z"]),
        variety=st.none(), sell_amount=st.none(),
    )  # fmt: skip


NEWS = st.integers(1, 5).flatmap(lambda n: st.tuples(*(told(NOW + timedelta(seconds=each)) for each in range(n))))
"""What Gateway says at different moments, in that order; it may say anything."""


def content(found: Batch) -> tuple[Batch, Counter[Order]]:
    return replace(found, orders=()), Counter(found.orders)


def merged(*news: Batch) -> Batch:
    return reduce(merge, news)


@given(NEWS, st.data())
def test_any_order_and_any_repetition_of_the_same_news_gives_the_same_batch(
    news: tuple[Batch, ...], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(news)))
    shuffled = data.draw(st.permutations([*news, *again]))

    assert content(merged(*shuffled)) == content(merged(*news))


@given(told(NOW), told(LATER), told(LATER + timedelta(minutes=1)))
def test_news_may_be_put_together_before_it_is_merged(a: Batch, b: Batch, c: Batch) -> None:
    assert content(merge(merge(a, b), c)) == content(merge(a, merge(b, c)))
    assert content(merge(a, b)) == content(merge(b, a))


@given(NEWS)
def test_no_news_takes_a_step_back(news: tuple[Batch, ...]) -> None:
    known = news[0]
    for each in news:
        after = merge(known, each)
        assert after.status.rank >= max(known.status.rank, each.status.rank)
        assert (after.filled or 0) >= (known.filled or 0)
        assert after.shares_filled >= known.shares_filled
        assert len(after.orders) >= len(known.orders), "a stock was lost"
        for before, now in zip(known.orders, after.orders, strict=False):
            assert (now.ticker, now.side) == (before.ticker, before.side)
            assert now.status.rank >= before.status.rank
            assert now.filled >= before.filled
        known = after


@given(NEWS)
def test_what_is_known_already_changes_nothing(news: tuple[Batch, ...]) -> None:
    known = merged(*news)

    assert merge(known, known) == known
    assert not any(differs(merge(known, each), known) for each in news)


@pytest.mark.parametrize("status", [BatchStatus.PLACED, BatchStatus.PARTIALLYPLACED, BatchStatus.UNKNOWN])
def test_placed_after_completed_changes_nothing(status: BatchStatus) -> None:
    late = batch(status, stock(reported_at=LATER, filled=3), reported_at=LATER, filled=0)

    assert merge(COMPLETED, late) == COMPLETED
    assert merge(late, COMPLETED).is_final


@pytest.mark.parametrize("known", [status for status in OrderStatus if status is not OrderStatus.UNKNOWN])
def test_a_new_word_never_replaces_a_status_that_is_known(known: OrderStatus) -> None:
    before = batch(BatchStatus.PLACED, stock(known))
    news = batch(BatchStatus.UNKNOWN, stock(OrderStatus.UNKNOWN, reported_at=LATER), reported_at=LATER)

    after = merge(before, news)

    assert (after.status, after.orders[0].status) == (BatchStatus.PLACED, known)


@pytest.mark.parametrize("ended", [status for status in FINAL_STOCK if status is not OrderStatus.COMPLETE])
def test_a_fill_is_not_taken_back_by_another_end(ended: OrderStatus) -> None:
    news = batch(BatchStatus.UNFILLED, stock(ended, reported_at=LATER), reported_at=LATER)

    (order,) = merge(COMPLETED, news).orders

    assert (order.status, order.filled, order.average_price) == (OrderStatus.COMPLETE, 10, Decimal("420.1"))


def test_of_two_equally_far_the_later_counts_because_a_user_may_edit_an_open_order() -> None:
    edited = batch(BatchStatus.PLACED, stock(quantity=25, reported_at=LATER), reported_at=LATER)

    for after in (merge(batch(), edited), merge(edited, batch())):
        assert after.orders[0].quantity == 25


def test_what_was_filled_before_an_order_was_cancelled_stays_filled() -> None:
    part = batch(BatchStatus.PLACED, stock(filled=4, exchange_order_id="1100"))
    cancelled = batch(BatchStatus.CANCELLED, stock(OrderStatus.CANCELLED, reported_at=LATER), reported_at=LATER)

    (order,) = merge(part, cancelled).orders

    assert (order.status, order.filled, order.exchange_order_id) == (OrderStatus.CANCELLED, 4, "1100")


def test_a_stock_that_the_news_does_not_name_stays() -> None:
    both = batch(BatchStatus.PLACED, stock(), stock(ticker="HDFCBANK"))
    after = merge(both, batch(BatchStatus.PLACED, stock(ticker="HDFCBANK", filled=1), reported_at=LATER))

    assert [(order.ticker, order.filled) for order in after.orders] == [("AXISBANK", 0), ("HDFCBANK", 1)]


def test_a_stock_bought_and_sold_in_one_batch_stays_two() -> None:
    known = batch(BatchStatus.PLACED, stock(side="BUY"), stock(side="SELL"))
    news = batch(BatchStatus.PLACED, stock(OrderStatus.REJECTED, side="SELL", reported_at=LATER), reported_at=LATER)

    after = merge(known, news)

    assert [(o.side, o.status) for o in after.orders] == [
        ("BUY", OrderStatus.PLACED),
        ("SELL", OrderStatus.REJECTED),
    ]


def test_a_stock_that_stands_in_a_batch_twice_stays_two() -> None:
    known = batch(BatchStatus.PLACED, stock(quantity=5), stock(quantity=7))
    done = stock(OrderStatus.COMPLETE, quantity=5, filled=5, reported_at=LATER)
    news = batch(BatchStatus.PLACED, done, stock(quantity=7, reported_at=LATER), reported_at=LATER)

    after = merge(known, news)

    assert [(order.quantity, order.filled) for order in after.orders] == [(5, 5), (7, 0)]
    assert after.shares_filled == 5


def test_a_batch_says_more_only_when_there_is_something_to_tell_beside_the_time() -> None:
    same = batch(BatchStatus.PLACED, stock(reported_at=LATER), reported_at=LATER)

    assert not differs(same, batch())
    assert differs(batch(BatchStatus.PLACED, stock(filled=1)), batch())
    assert differs(batch(BatchStatus.PLACED, stock(quantity=11)), batch())


# When nothing more will come -------------------------------------------------------------------


@pytest.mark.parametrize("status", FINAL_STOCK)
@pytest.mark.parametrize("whole", FINAL_BATCH)
def test_a_batch_has_ended_when_it_and_all_its_stocks_have(whole: BatchStatus, status: OrderStatus) -> None:
    assert batch(whole, COMPLETE, stock(status)).is_final


@pytest.mark.parametrize("status", [OrderStatus.PLACED, OrderStatus.UNKNOWN])
def test_a_stock_that_is_open_keeps_the_batch_open_unless_the_user_has_closed_it(status: OrderStatus) -> None:
    for whole in FINAL_BATCH:
        assert batch(whole, COMPLETE, stock(status)).is_final is (whole is BatchStatus.MARKEDCOMPLETE)


def test_a_batch_with_a_new_word_has_ended_when_its_stocks_have() -> None:
    assert batch(BatchStatus.UNKNOWN, COMPLETE).is_final
    assert not batch(BatchStatus.UNKNOWN, COMPLETE, stock()).is_final


@pytest.mark.parametrize("whole", [BatchStatus.PLACED, BatchStatus.PARTIALLYPLACED])
def test_an_open_batch_has_not_ended_even_when_its_stocks_have(whole: BatchStatus) -> None:
    assert not batch(whole, COMPLETE).is_final


# What a webhook may claim ----------------------------------------------------------------------


def claim(status: OrderStatus | None = None, whole: BatchStatus = BatchStatus.COMPLETED, **of_stock: Any) -> Batch:
    order = replace(COMPLETE, status=status or COMPLETE.status, **of_stock)
    return replace(COMPLETED, status=whole, orders=(order,))


@pytest.mark.parametrize(
    "older",
    [
        COMPLETED,
        replace(COMPLETED, reported_at=LATER, completed_at="2026-11-20T10:00:00.000Z"),
        claim(OrderStatus.PLACED, BatchStatus.PLACED, filled=0, average_price=None),
        claim(OrderStatus.PLACED, BatchStatus.PARTIALLYPLACED, filled=6),
        claim(OrderStatus.PLACED, BatchStatus.PLACED, quantity=999, filled=0),
        claim(whole=BatchStatus.PLACED),
        claim(OrderStatus.UNKNOWN, BatchStatus.UNKNOWN, filled=0),
        batch(BatchStatus.PLACED, replace(COMPLETE, status=OrderStatus.PLACED)),
        replace(COMPLETED, buy_amount=None, sell_amount=None),
    ],
)
def test_a_webhook_may_be_older_than_what_gateway_says_now(older: Batch) -> None:
    assert confirms(COMPLETED, older)


@pytest.mark.parametrize("rounded", ["4201", "4201.005", "4200.995", "4201.0000000000001"])
def test_the_same_amount_may_be_rounded_in_another_way(rounded: str) -> None:
    assert confirms(COMPLETED, replace(COMPLETED, buy_amount=Decimal(rounded)))
    assert confirms(COMPLETED, claim(average_price=Decimal("420.1") + Decimal(rounded) - 4201))


@pytest.mark.parametrize(
    "lie",
    [
        replace(COMPLETED, id="batch-2"),
        replace(COMPLETED, buy_amount=Decimal("4201.006")),
        replace(COMPLETED, sell_amount=Decimal("0.01")),
        claim(quantity=9),
        claim(filled=11),
        claim(average_price=Decimal("420.106")),
        claim(ticker="HDFCBANK"),
        claim(side="SELL"),
        claim(OrderStatus.REJECTED, filled=0),
        claim(whole=BatchStatus.PARTIALLYFILLED),
        claim(whole=BatchStatus.CANCELLED),
        replace(COMPLETED, orders=(COMPLETE, COMPLETE)),
    ],
)
def test_what_differs_from_what_gateway_says_is_not_borne_out(lie: Batch) -> None:
    assert not confirms(COMPLETED, lie)


@pytest.mark.parametrize("further", [claim(), claim(whole=BatchStatus.PLACED), claim(OrderStatus.PLACED, filled=0)])
def test_what_is_further_on_than_what_gateway_says_is_not_borne_out(further: Batch) -> None:
    assert not confirms(batch(), further)


def test_a_word_that_is_known_is_further_on_than_one_that_is_new_to_us() -> None:
    news = batch(BatchStatus.UNKNOWN, stock(OrderStatus.UNKNOWN))

    assert not confirms(news, batch(BatchStatus.PLACED, stock(OrderStatus.UNKNOWN)))
    assert not confirms(news, batch(BatchStatus.UNKNOWN, stock(OrderStatus.PLACED)))


def test_a_fill_that_gateway_does_not_know_is_not_borne_out() -> None:
    assert not confirms(batch(), batch(BatchStatus.PLACED, stock(filled=1)))


def test_an_end_has_one_quantity() -> None:
    rejected = batch(BatchStatus.UNFILLED, stock(OrderStatus.REJECTED))

    assert not confirms(rejected, batch(BatchStatus.UNFILLED, stock(OrderStatus.REJECTED, quantity=11)))


@given(NEWS)
def test_a_batch_bears_out_itself_and_everything_it_once_was(news: tuple[Batch, ...]) -> None:
    known = news[0]
    assert confirms(known, known)
    opened = replace(known, status=BatchStatus.PLACED)
    orders = tuple(replace(one, status=OrderStatus.UNKNOWN, filled=0) for one in known.orders)
    if known.status is not BatchStatus.UNKNOWN:
        assert confirms(known, replace(opened, orders=orders))


# What the user took out ------------------------------------------------------------------------


def test_what_was_asked_for_and_stands_in_no_batch_was_left_out() -> None:
    asked = [RequestedSecurity(ticker, 10, "BUY") for ticker in ("AXISBANK", "M&M", "HDFCBANK")]
    placed = [batch(BatchStatus.PLACED, stock(ticker="HDFCBANK", side="SELL")), batch(BatchStatus.PLACED, stock())]

    assert left_out(asked, placed) == [asked[1]]
    assert left_out(asked, []) == asked
    assert left_out([], placed) == []


def test_alike_stocks_are_told_apart_by_the_exchanges_number_whatever_their_order() -> None:
    first = stock(OrderStatus.REJECTED, exchange_order_id="1")
    second = stock(OrderStatus.COMPLETE, filled=10, exchange_order_id="2")

    after = merge(
        batch(BatchStatus.PARTIALLYFILLED, first, second),
        batch(BatchStatus.PARTIALLYFILLED, second, first, reported_at=LATER),
    )

    assert [(one.status, one.filled) for one in after.orders] == [(first.status, 0), (second.status, 10)]


def test_a_side_that_was_not_told_at_first_makes_no_second_stock() -> None:
    after = merge(batch(BatchStatus.PLACED, stock(side=None)), COMPLETED)

    assert [(one.side, one.status) for one in after.orders] == [("BUY", OrderStatus.COMPLETE)]
    assert after.is_final


def test_a_bad_end_stays_as_it_was_first_told_unless_it_filled() -> None:
    cancelled = batch(BatchStatus.UNFILLED, stock(OrderStatus.CANCELLED))
    rejected = batch(BatchStatus.UNFILLED, stock(OrderStatus.REJECTED, reported_at=LATER), reported_at=LATER)

    assert not differs(merge(cancelled, rejected), cancelled)
    assert merge(cancelled, COMPLETED).orders[0].status is OrderStatus.COMPLETE


def test_a_price_that_was_told_is_not_forgotten() -> None:
    without = batch(BatchStatus.COMPLETED, replace(COMPLETE, average_price=None, reported_at=LATER), reported_at=LATER)

    after = merge(COMPLETED, without)

    assert (after.buy_amount, after.orders[0].average_price) == (Decimal("4201"), Decimal("420.1"))


def test_noise_in_an_amount_is_no_news() -> None:
    noisy = replace(COMPLETED, buy_amount=Decimal("4201.0000000000002"), reported_at=LATER)
    assert not differs(merge(COMPLETED, noisy), COMPLETED)


def test_two_numbers_of_the_exchange_are_two_stocks() -> None:
    known = batch(BatchStatus.PLACED, stock(exchange_order_id="1100", filled=4))
    after = merge(
        known, batch(BatchStatus.PLACED, stock(exchange_order_id="1101", reported_at=LATER), reported_at=LATER)
    )

    assert [(order.exchange_order_id, order.filled) for order in after.orders] == [("1100", 4), ("1101", 0)]


def test_a_side_that_was_told_is_not_forgotten() -> None:
    untold = batch(BatchStatus.PLACED, stock(side=None, reported_at=LATER, filled=1), reported_at=LATER)

    assert [(order.side, order.filled) for order in merge(batch(), untold).orders] == [("BUY", 1)]


@pytest.mark.parametrize("whole", FINAL_BATCH)
def test_a_batch_that_the_user_has_closed_since_had_another_end_before(whole: BatchStatus) -> None:
    closed = replace(COMPLETED, status=BatchStatus.MARKEDCOMPLETE)

    assert confirms(closed, replace(COMPLETED, status=whole))
    assert not confirms(closed, replace(COMPLETED, status=whole, orders=(replace(COMPLETE, filled=11),)))
