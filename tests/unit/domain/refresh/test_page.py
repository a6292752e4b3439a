"""A page of accounts to refresh: its identity, its next attempt, and the work on it."""

from copy import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.refresh.page import FIRST_RETRY, LEASE, LONGEST_RETRY, PageState, PageWork, RefreshPage
from gateway_backend.domain.shared.errors import NotYet
from testing.builders import NOW
from testing.moments import FRIDAY_CLOSE, MINUTE, MONDAY_CLOSE, SECOND


def test_the_id_of_a_page_depends_on_close_round_attempt_and_accounts() -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a", "b"))
    others = [
        replace(page, close=MONDAY_CLOSE),
        replace(page, attempt=1),
        replace(page, round=1),
        replace(page, round=1, attempt=1),
        replace(page, account_ids=("b", "a")),
        replace(page, account_ids=("a",)),
    ]

    assert page.id == replace(page, close=FRIDAY_CLOSE.astimezone(UTC)).id
    assert len({page.id, *(other.id for other in others)}) == 1 + len(others)


def test_the_next_attempt_is_a_page_of_the_remaining_accounts() -> None:
    again = RefreshPage(FRIDAY_CLOSE, ("a", "b", "c"), attempt=3, round=1).next_attempt(("b",))

    assert again == RefreshPage(FRIDAY_CLOSE, ("b",), attempt=4, round=1)


def test_every_attempt_begins_with_another_account() -> None:
    """One that always fails must not be the only probe."""
    page, first = RefreshPage(FRIDAY_CLOSE, ("a", "b", "c")), []
    for _ in range(3):
        page = page.next_attempt(page.account_ids)
        first.append(page.account_ids[0])

    assert first == ["b", "c", "a"]


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_a_retry_waits_between_half_a_minute_and_a_quarter_of_an_hour(attempt: int, jitter: int) -> None:
    delay = RefreshPage(FRIDAY_CLOSE, (), attempt).retry_delay(jitter)

    assert FIRST_RETRY / 2 <= delay <= LONGEST_RETRY


def test_every_retry_waits_twice_as_long_less_a_random_part() -> None:
    pages = [RefreshPage(FRIDAY_CLOSE, (), attempt) for attempt in range(6)]

    assert [page.retry_delay(0) / MINUTE for page in pages] == [1, 2, 4, 8, 15, 15]
    assert [page.retry_delay(100) / MINUTE for page in pages] == [0.5, 1, 2, 4, 7.5, 7.5]


# The work on a page -----------------------------------------------------------------------------


def test_a_queued_page_can_be_leased() -> None:
    assert PageWork().lease(NOW) == PageWork(PageState.LEASED, NOW + LEASE)


def test_a_leased_page_cannot_be_leased() -> None:
    with pytest.raises(NotYet):
        PageWork().lease(NOW).lease(NOW + LEASE - SECOND)


def test_a_page_can_be_leased_again_after_the_lease_of_a_worker_that_died() -> None:
    assert PageWork().lease(NOW).lease(NOW + LEASE).lease_until == NOW + 2 * LEASE


def test_a_page_given_back_can_be_leased_at_once() -> None:
    assert PageWork().lease(NOW).release() == PageWork()


def test_a_finished_page_is_done() -> None:
    assert PageWork().lease(NOW).finish().is_done


def test_a_finished_page_cannot_be_leased() -> None:
    with pytest.raises(NotYet):
        PageWork().lease(NOW).finish().lease(NOW + 2 * LEASE)


def test_a_finished_page_cannot_be_given_back() -> None:
    done = PageWork().lease(NOW).finish()

    assert done.release() is done
