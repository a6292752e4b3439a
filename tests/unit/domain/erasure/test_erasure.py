"""An erasure ends with a whole pass that began late enough and found nothing."""

from datetime import UTC, datetime, timedelta

from gateway_backend.domain.erasure.erasure import (
    OVERDUE_AFTER,
    WORKERS_END_AFTER,
    Erasure,
    ErasureState,
    request_erasure,
)
from testing.template import functions

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATE = NOW + WORKERS_END_AFTER
SECOND = timedelta(seconds=1)


def requested() -> Erasure:
    return request_erasure("user-1", "account-1", NOW)


def whole_pass(erasure: Erasure, at: datetime, found: int = 0) -> Erasure:
    """A whole pass."""
    return erasure.begin_pass(at).advance(found, "").end_pass(at + SECOND)


def test_it_is_due_at_once() -> None:
    assert (requested().state, requested().next_pass_at) == (ErasureState.RUNNING, NOW)


def test_a_pass_that_finds_nothing_is_no_proof_while_a_worker_may_still_store_something() -> None:
    passed = whole_pass(requested(), LATE - SECOND)

    assert passed.state is ErasureState.RUNNING
    assert passed.next_pass_at == LATE


def test_a_late_pass_that_finds_nothing_is_the_proof() -> None:
    assert whole_pass(requested(), LATE).finished_at == LATE + SECOND


def test_a_late_pass_that_finds_something_is_followed_by_another() -> None:
    passed = whole_pass(requested(), LATE, found=1)

    assert passed.state is ErasureState.RUNNING
    assert whole_pass(passed, passed.next_pass_at).state is ErasureState.FINISHED


def test_what_was_found_before_an_interruption_counts() -> None:
    interrupted = requested().begin_pass(LATE).advance(3, "2026#TRX_1")

    assert interrupted.begin_pass(LATE + SECOND) == interrupted
    assert interrupted.end_pass(LATE + SECOND).state is ErasureState.RUNNING


def test_what_all_looks_have_erased_is_added_up() -> None:
    assert whole_pass(whole_pass(requested(), NOW, found=3), LATE, found=2).erased == 5


def test_the_next_pass_begins_from_the_start() -> None:
    after = requested().begin_pass(NOW).advance(1, "2026#TRX_1").end_pass(NOW)

    assert (after.position, after.found, after.pass_began_at) == ("", 0, None)


def test_one_that_takes_a_day_is_overdue_until_it_is_finished() -> None:
    late = NOW + OVERDUE_AFTER + SECOND

    assert requested().is_overdue(late)
    assert not requested().is_overdue(late - 2 * SECOND)
    assert not whole_pass(requested(), late).is_overdue(late + SECOND)


def test_no_function_runs_for_longer_than_an_erasure_waits() -> None:
    longest = max(function["Timeout"] for function in functions().values())

    assert longest < WORKERS_END_AFTER.total_seconds()
