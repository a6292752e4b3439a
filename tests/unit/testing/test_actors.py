"""The helpers that scenarios wait with do wait."""

from itertools import count

import pytest
from tenacity import wait_none

from testing import actors
from testing.actors import eventually, eventually_equal


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "wait_fixed", lambda _seconds: wait_none())


def test_a_check_is_repeated_until_it_holds() -> None:
    tries = count(1)

    def third() -> int:
        number = next(tries)
        assert number == 3
        return number

    assert eventually(third) == 3


def test_a_check_that_calls_pytest_fail_is_repeated_too() -> None:
    tries = count(1)
    assert eventually(lambda: next(tries) == 3 or pytest.fail("not yet"))


def test_a_check_that_never_holds_fails() -> None:
    with pytest.raises(AssertionError):
        eventually_equal(lambda: 1, 2, within=0.05)


def test_a_value_is_waited_for() -> None:
    tries = count(1)
    eventually_equal(lambda: next(tries), 3)
    assert next(tries) == 4
