"""The circuit breaker: open for a pause, then half open for a single probe, closed once Gateway answers."""

from gateway_backend.domain.refresh.circuit import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    STREAK_LASTS,
    Circuit,
    CircuitState,
    FailureStreak,
)
from testing.builders import NOW
from testing.moments import SECOND

OPEN = Circuit().open(NOW)


def test_a_new_circuit_is_closed() -> None:
    assert Circuit().state(NOW) is CircuitState.CLOSED


def test_an_open_circuit_is_open_until_its_pause_is_over() -> None:
    assert OPEN.state(NOW + FIRST_PAUSE - SECOND) is CircuitState.OPEN


def test_an_open_circuit_is_half_open_after_its_pause() -> None:
    assert OPEN.state(NOW + FIRST_PAUSE) is CircuitState.HALF_OPEN


def test_a_claimed_probe_opens_the_circuit_for_twice_the_pause() -> None:
    probed = OPEN.open(NOW + FIRST_PAUSE)

    assert probed.open_until == NOW + FIRST_PAUSE + 2 * FIRST_PAUSE


def test_a_circuit_keeps_the_time_when_it_first_opened() -> None:
    assert OPEN.open(NOW + FIRST_PAUSE).opened_at == NOW


def test_the_pause_is_doubled_up_to_a_limit() -> None:
    circuit, pauses = Circuit(), []
    for _ in range(6):
        circuit = circuit.open(NOW)
        pauses.append(circuit.pause / FIRST_PAUSE)

    assert pauses == [1, 2, 4, 8, 8, 8]
    assert circuit.pause == LONGEST_PAUSE


def test_an_answer_of_gateway_closes_the_circuit() -> None:
    assert OPEN.close().state(NOW) is CircuitState.CLOSED


def test_a_circuit_that_was_closed_opens_for_the_first_pause_again() -> None:
    assert OPEN.open(NOW).close().open(NOW) == OPEN


def test_a_streak_counts_the_accounts_that_failed() -> None:
    streak = FailureStreak()

    assert [streak.add(account_id, NOW) for account_id in ("a", "b", "c")] == [1, 2, 3]


def test_a_streak_counts_an_account_once() -> None:
    streak = FailureStreak()

    assert [streak.add("a", NOW), streak.add("a", NOW)] == [1, 1]


def test_an_answer_ends_a_streak() -> None:
    streak = FailureStreak()
    streak.add("a", NOW)
    streak.end()

    assert streak.add("b", NOW) == 1


def test_a_streak_ends_by_itself_after_a_while() -> None:
    streak = FailureStreak()
    streak.add("a", NOW)

    assert streak.add("b", NOW + STREAK_LASTS) == 2
    assert streak.add("c", NOW + 2 * STREAK_LASTS + SECOND) == 1
