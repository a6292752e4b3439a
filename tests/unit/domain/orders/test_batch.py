"""When an order batch is final: by its own status and those of its stocks (contract 5.1)."""

import pytest

from gateway_backend.domain.orders.batch import BatchStatus, OrderStatus
from testing.builders import COMPLETE, batch, order

FINAL_STOCK = [status for status in OrderStatus if status.rank > OrderStatus.PLACED.rank]
FINAL_BATCH = list(BatchStatus)[list(BatchStatus).index(BatchStatus.COMPLETED) :]


@pytest.mark.parametrize("status", FINAL_STOCK)
@pytest.mark.parametrize("whole", FINAL_BATCH)
def test_a_batch_is_final_when_it_and_all_its_stocks_are(whole: BatchStatus, status: OrderStatus) -> None:
    assert batch(whole, COMPLETE, order(status)).is_final


@pytest.mark.parametrize("status", [OrderStatus.UNKNOWN, OrderStatus.ACKED, OrderStatus.PLACED, OrderStatus.PARTIAL])
def test_an_open_stock_keeps_the_batch_open_unless_it_is_marked_complete(status: OrderStatus) -> None:
    for whole in FINAL_BATCH:
        assert batch(whole, COMPLETE, order(status)).is_final is (whole is BatchStatus.MARKEDCOMPLETE)


def test_a_batch_of_unknown_status_is_final_when_its_stocks_are() -> None:
    assert batch(BatchStatus.UNKNOWN, COMPLETE).is_final
    assert not batch(BatchStatus.UNKNOWN, COMPLETE, order()).is_final


@pytest.mark.parametrize("whole", [BatchStatus.PLACED, BatchStatus.PARTIALLYPLACED])
def test_an_open_batch_is_not_final_even_when_its_stocks_are(whole: BatchStatus) -> None:
    assert not batch(whole, COMPLETE).is_final
