"""Work that takes too long is left to itself; what it gives or raises in time is passed on."""

import time

import pytest

from gateway_backend.runtime.deadlines import call_within
from testing.fakes import Crash


def test_what_the_work_gives_is_given() -> None:
    assert call_within(5, lambda: None) is None
    assert call_within(5, lambda: 3) == 3


@pytest.mark.parametrize("error", [ValueError, Crash])
def test_what_the_work_raises_is_raised(error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        call_within(5, fail)


def test_work_that_takes_longer_is_not_waited_for() -> None:
    begun = time.monotonic()

    with pytest.raises(TimeoutError):
        call_within(0.05, lambda: time.sleep(2))
    assert time.monotonic() - begun < 1
