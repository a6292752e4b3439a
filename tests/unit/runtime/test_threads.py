"""Concurrent work: results keep their order, and a failure leaves the other items alone."""

import threading

import pytest

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime import threads
from gateway_backend.runtime.threads import Deadline, map_concurrently


@pytest.mark.parametrize("at_once", [1, 4])
def test_results_come_in_the_order_of_the_items(at_once: int) -> None:
    assert map_concurrently(lambda number: number * number, range(50), threads=at_once) == [n * n for n in range(50)]


def test_the_given_number_of_threads_run_at_once() -> None:
    together = threading.Barrier(3)

    # No thread passes the barrier before three wait at it.
    assert map_concurrently(lambda _number: together.wait(timeout=10), range(6), threads=3).count(0) == 2


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize(("error", "counter"), [(StoreUnavailable(), "WorkFailed"), (KeyError(), "UnexpectedError")])
def test_a_failure_is_counted_and_the_other_items_go_on(
    at_once: int, error: Exception, counter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(threads, "count", counted.append)

    def work(number: int) -> int:
        if number == 1:
            raise error
        return number

    assert map_concurrently(work, range(4), threads=at_once) == [0, None, 2, 3]
    assert counted == [counter]


def test_a_deadline_passes() -> None:
    assert Deadline(0).has_passed
    assert not Deadline(60).has_passed
