"""A batch on record: every report makes a step of it, or changes nothing."""

from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.orders.recorded_batch import left_out
from gateway_backend.domain.orders.request import RequestedSecurity
from testing.builders import batch, order


def test_a_requested_security_in_no_batch_was_left_out() -> None:
    requested = [RequestedSecurity(ticker, 10, "BUY") for ticker in ("AXISBANK", "M&M", "HDFCBANK")]
    placed = [batch(BatchStatus.PLACED, order(ticker="HDFCBANK", side="SELL")), batch(BatchStatus.PLACED, order())]

    assert left_out(requested, placed) == [requested[1]]
    assert left_out(requested, []) == requested
    assert left_out([], placed) == []
