"""Merging two reports of a batch: no status goes back and no fill shrinks, whatever their order and number."""

from collections import Counter
from copy import replace
from datetime import timedelta
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.merge import differs, distinct, merge
from testing.builders import COMPLETE, COMPLETED, LATER, NOW, batch, order
from testing.drawn_orders import REPORTS, reports_at

FINAL_STOCK = [status for status in OrderStatus if status.rank > OrderStatus.PLACED.rank]


def content(found: Batch) -> tuple[Batch, Counter[Order]]:
    return replace(found, orders=()), Counter(found.orders)


def merged(*reports: Batch) -> Batch:
    return reduce(merge, reports)


# Any reports -------------------------------------------------------------------------------------


@given(REPORTS, st.data())
def test_the_order_and_repetition_of_reports_do_not_matter(reports: tuple[Batch, ...], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(reports)))
    shuffled = data.draw(st.permutations([*reports, *again]))

    assert content(merged(*shuffled)) == content(merged(*reports))


@given(reports_at(NOW), reports_at(LATER), reports_at(LATER + timedelta(minutes=1)))
def test_merging_is_associative_and_commutative(a: Batch, b: Batch, c: Batch) -> None:
    assert content(merge(merge(a, b), c)) == content(merge(a, merge(b, c)))
    assert content(merge(a, b)) == content(merge(b, a))


@given(REPORTS)
def test_no_report_takes_a_step_back(reports: tuple[Batch, ...]) -> None:
    recorded = reports[0]
    for report in reports:
        after = merge(recorded, report)
        assert after.status.rank >= max(recorded.status.rank, report.status.rank)
        assert (after.filled or 0) >= (recorded.filled or 0)
        if all(order.filled is not None for order in (*recorded.orders, *report.orders)):
            assert after.shares_filled >= recorded.shares_filled
        assert len(after.orders) >= len(recorded.orders), "a stock was lost"
        for before, now in zip(recorded.orders, after.orders, strict=False):
            assert (now.ticker, now.side) == (before.ticker, before.side)
            assert now.status.rank >= before.status.rank
            assert (now.filled or 0) >= (before.filled or 0)
        recorded = after


@given(REPORTS)
def test_a_repeated_report_changes_nothing(reports: tuple[Batch, ...]) -> None:
    recorded = merged(*reports)

    assert merge(recorded, recorded) == recorded
    assert not any(differs(merge(recorded, report), recorded) for report in reports)


# Which report is further on ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [BatchStatus.PLACED, BatchStatus.PARTIALLYPLACED, BatchStatus.UNKNOWN])
def test_placed_after_completed_changes_nothing(status: BatchStatus) -> None:
    late = batch(status, order(reported_at=LATER, filled=3), reported_at=LATER, filled=0)

    assert merge(COMPLETED, late) == COMPLETED
    assert merge(late, COMPLETED).is_final


@pytest.mark.parametrize("recorded", [status for status in OrderStatus if status is not OrderStatus.UNKNOWN])
def test_an_undocumented_status_never_replaces_a_documented_status(recorded: OrderStatus) -> None:
    before = batch(BatchStatus.PLACED, order(recorded))
    report = batch(BatchStatus.UNKNOWN, order(OrderStatus.UNKNOWN, reported_at=LATER), reported_at=LATER)

    after = merge(before, report)

    assert (after.status, after.orders[0].status) == (BatchStatus.PLACED, recorded)


@pytest.mark.parametrize("ended", [status for status in FINAL_STOCK if status is not OrderStatus.COMPLETE])
def test_a_complete_order_stays_complete(ended: OrderStatus) -> None:
    report = batch(BatchStatus.UNFILLED, order(ended, reported_at=LATER), reported_at=LATER)

    (merged_order,) = merge(COMPLETED, report).orders

    assert (merged_order.status, merged_order.filled, merged_order.average_price) == (
        OrderStatus.COMPLETE,
        10,
        Decimal("420.1"),
    )


def test_the_later_of_two_reports_of_an_open_order_counts() -> None:
    edited = batch(BatchStatus.PLACED, order(quantity=25, reported_at=LATER), reported_at=LATER)

    for after in (merge(batch(), edited), merge(edited, batch())):
        assert after.orders[0].quantity == 25


def test_a_partial_fill_survives_the_cancellation() -> None:
    part = batch(BatchStatus.PLACED, order(filled=4, exchange_order_id="1100"))
    cancelled = batch(BatchStatus.CANCELLED, order(OrderStatus.CANCELLED, reported_at=LATER), reported_at=LATER)

    (merged_order,) = merge(part, cancelled).orders

    assert (merged_order.status, merged_order.filled, merged_order.exchange_order_id) == (
        OrderStatus.CANCELLED,
        4,
        "1100",
    )


def test_the_first_bad_end_stays_unless_the_order_is_filled() -> None:
    cancelled = batch(BatchStatus.UNFILLED, order(OrderStatus.CANCELLED))
    rejected = batch(BatchStatus.UNFILLED, order(OrderStatus.REJECTED, reported_at=LATER), reported_at=LATER)

    assert not differs(merge(cancelled, rejected), cancelled)
    assert merge(cancelled, COMPLETED).orders[0].status is OrderStatus.COMPLETE


def test_a_reported_price_is_kept() -> None:
    without = batch(BatchStatus.COMPLETED, replace(COMPLETE, average_price=None, reported_at=LATER), reported_at=LATER)

    after = merge(COMPLETED, without)

    assert (after.buy_amount, after.orders[0].average_price) == (Decimal("4201"), Decimal("420.1"))


def test_a_reported_side_is_kept() -> None:
    without_side = batch(BatchStatus.PLACED, order(side=None, reported_at=LATER, filled=1), reported_at=LATER)

    assert [(order.side, order.filled) for order in merge(batch(), without_side).orders] == [("BUY", 1)]


# Which orders of two reports are the same --------------------------------------------------------


def test_a_stock_missing_from_a_report_stays() -> None:
    both = batch(BatchStatus.PLACED, order(), order(ticker="HDFCBANK"))
    after = merge(both, batch(BatchStatus.PLACED, order(ticker="HDFCBANK", filled=1), reported_at=LATER))

    assert [(order.ticker, order.filled) for order in after.orders] == [("AXISBANK", 0), ("HDFCBANK", 1)]


def test_a_purchase_and_a_sale_of_a_stock_stay_apart() -> None:
    recorded = batch(BatchStatus.PLACED, order(side="BUY"), order(side="SELL"))
    report = batch(BatchStatus.PLACED, order(OrderStatus.REJECTED, side="SELL", reported_at=LATER), reported_at=LATER)

    after = merge(recorded, report)

    assert [(o.side, o.status) for o in after.orders] == [
        ("BUY", OrderStatus.PLACED),
        ("SELL", OrderStatus.REJECTED),
    ]


def test_two_orders_of_a_stock_stay_apart() -> None:
    recorded = batch(BatchStatus.PLACED, order(quantity=5), order(quantity=7))
    done = order(OrderStatus.COMPLETE, quantity=5, filled=5, reported_at=LATER)
    report = batch(BatchStatus.PLACED, done, order(quantity=7, reported_at=LATER), reported_at=LATER)

    after = merge(recorded, report)

    assert [(order.quantity, order.filled) for order in after.orders] == [(5, 5), (7, 0)]
    assert after.shares_filled == 5


def test_equal_stocks_are_matched_by_the_exchanges_id() -> None:
    first = order(OrderStatus.REJECTED, exchange_order_id="1")
    second = order(OrderStatus.COMPLETE, filled=10, exchange_order_id="2")

    after = merge(
        batch(BatchStatus.PARTIALLYFILLED, first, second),
        batch(BatchStatus.PARTIALLYFILLED, second, first, reported_at=LATER),
    )

    assert [(order.status, order.filled) for order in after.orders] == [(first.status, 0), (second.status, 10)]


def test_a_side_missing_at_first_makes_no_second_stock() -> None:
    after = merge(batch(BatchStatus.PLACED, order(side=None)), COMPLETED)

    assert [(order.side, order.status) for order in after.orders] == [("BUY", OrderStatus.COMPLETE)]
    assert after.is_final


def test_two_exchange_ids_are_two_stocks() -> None:
    recorded = batch(BatchStatus.PLACED, order(exchange_order_id="1100", filled=4))
    after = merge(
        recorded, batch(BatchStatus.PLACED, order(exchange_order_id="1101", reported_at=LATER), reported_at=LATER)
    )

    assert [(order.exchange_order_id, order.filled) for order in after.orders] == [("1100", 4), ("1101", 0)]


def test_an_order_without_an_id_does_not_take_the_fill_of_one_with_an_id() -> None:
    waiting, done = order(quantity=10), order(OrderStatus.COMPLETE, quantity=5, filled=5, exchange_order_id="2")
    report = batch(BatchStatus.PLACED, done, replace(waiting, reported_at=LATER), reported_at=LATER)

    after = merge(batch(BatchStatus.PLACED, waiting, done), report)

    assert [(order.quantity, order.status, order.filled) for order in after.orders] == [
        (10, OrderStatus.PLACED, 0),
        (5, OrderStatus.COMPLETE, 5),
    ]


def test_two_orders_of_a_stock_without_ids_are_told_apart_by_their_quantity() -> None:
    recorded = batch(BatchStatus.PLACED, order(quantity=10, filled=3), order(quantity=5))
    done = order(OrderStatus.COMPLETE, quantity=5, filled=5, reported_at=LATER)
    report = batch(BatchStatus.PLACED, done, order(quantity=10, filled=3, reported_at=LATER), reported_at=LATER)

    assert [(order.quantity, order.filled) for order in merge(recorded, report).orders] == [(10, 3), (5, 5)]


def test_an_order_that_is_listed_twice_is_one_order() -> None:
    placed = order(exchange_order_id="1")

    assert distinct([placed, order(), replace(placed, filled=4)]) == (replace(placed, filled=4), order())


# Prices and amounts ------------------------------------------------------------------------------


def test_an_amount_of_zero_replaces_no_amount() -> None:
    later = replace(COMPLETED, buy_amount=Decimal(0), reported_at=LATER)

    assert merge(COMPLETED, later).buy_amount == Decimal("4201")


def test_what_was_carried_out_whole_outranks_every_other_end() -> None:
    for status in [BatchStatus.UNFILLED, BatchStatus.CANCELLED, BatchStatus.ERROR, BatchStatus.FIXED]:
        assert merge(COMPLETED, replace(COMPLETED, status=status, reported_at=LATER)).status is BatchStatus.COMPLETED


# What makes a difference -------------------------------------------------------------------------


def test_batches_differ_by_more_than_their_time_only() -> None:
    same = batch(BatchStatus.PLACED, order(reported_at=LATER), reported_at=LATER)

    assert not differs(same, batch())
    assert differs(batch(BatchStatus.PLACED, order(filled=1)), batch())
    assert differs(batch(BatchStatus.PLACED, order(quantity=11)), batch())


def test_noise_in_an_amount_makes_no_difference() -> None:
    noisy = replace(COMPLETED, buy_amount=Decimal("4201.0000000000002"), reported_at=LATER)
    assert not differs(merge(COMPLETED, noisy), COMPLETED)
