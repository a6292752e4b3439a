"""Whether what is recorded of a batch confirms what a webhook claims."""

from copy import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from gateway_backend.domain.orders.batch import Batch, BatchStatus, OrderStatus
from gateway_backend.domain.orders.merge import confirms
from testing.builders import COMPLETE, COMPLETED, LATER, batch, order
from testing.drawn_orders import REPORTS

FINAL_BATCH = list(BatchStatus)[list(BatchStatus).index(BatchStatus.COMPLETED) :]


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
def test_an_older_claim_is_confirmed(older: Batch) -> None:
    assert confirms(COMPLETED, older)


@pytest.mark.parametrize("rounded", ["4201", "4201.005", "4200.995", "4201.0000000000001"])
def test_an_amount_rounded_differently_is_confirmed(rounded: str) -> None:
    assert confirms(COMPLETED, replace(COMPLETED, buy_amount=Decimal(rounded)))
    assert confirms(COMPLETED, claim(average_price=Decimal("420.1") + Decimal(rounded) - 4201))


@pytest.mark.parametrize(
    "claim_",
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
def test_a_contradicting_claim_is_not_confirmed(claim_: Batch) -> None:
    assert not confirms(COMPLETED, claim_)


@pytest.mark.parametrize("further", [claim(), claim(whole=BatchStatus.PLACED), claim(OrderStatus.PLACED, filled=0)])
def test_a_claim_that_is_further_on_is_not_confirmed(further: Batch) -> None:
    assert not confirms(batch(), further)


def test_a_documented_status_is_further_on_than_unknown() -> None:
    recorded = batch(BatchStatus.UNKNOWN, order(OrderStatus.UNKNOWN))

    assert not confirms(recorded, batch(BatchStatus.PLACED, order(OrderStatus.UNKNOWN)))
    assert not confirms(recorded, batch(BatchStatus.UNKNOWN, order(OrderStatus.PLACED)))


def test_an_unrecorded_fill_is_not_confirmed() -> None:
    assert not confirms(batch(), batch(BatchStatus.PLACED, order(filled=1)))


def test_a_final_order_of_another_quantity_is_not_confirmed() -> None:
    rejected = batch(BatchStatus.UNFILLED, order(OrderStatus.REJECTED))

    assert not confirms(rejected, batch(BatchStatus.UNFILLED, order(OrderStatus.REJECTED, quantity=11)))


@given(REPORTS)
def test_a_batch_confirms_itself_and_its_earlier_states(reports: tuple[Batch, ...]) -> None:
    recorded = reports[0]
    assert confirms(recorded, recorded)
    opened = replace(recorded, status=BatchStatus.PLACED)
    orders = tuple(replace(order, status=OrderStatus.UNKNOWN, filled=0) for order in recorded.orders)
    if recorded.status is not BatchStatus.UNKNOWN:
        assert confirms(recorded, replace(opened, orders=orders))


@pytest.mark.parametrize("whole", FINAL_BATCH)
def test_a_batch_marked_complete_confirms_its_earlier_end(whole: BatchStatus) -> None:
    closed = replace(COMPLETED, status=BatchStatus.MARKEDCOMPLETE)

    assert confirms(closed, replace(COMPLETED, status=whole))
    assert not confirms(closed, replace(COMPLETED, status=whole, orders=(replace(COMPLETE, filled=11),)))
