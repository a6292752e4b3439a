"""What became of an account of a page, and when refusals are so many that Gateway is to blame."""

from datetime import datetime, timedelta

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.holdings.snapshot import UPDATING, Complete, Failed, Incomplete, ProvenEmpty, PullOutcome
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.result import (
    ATTEMPTS_TO_BELIEVE,
    TRIED_AGAIN,
    Result,
    is_mass_of_lapses,
    result_of,
    shows_outage,
)
from testing.builders import connection, snapshot, stored_snapshot
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON, MINUTE, MONDAY_CLOSE

CALENDAR = nse_calendar()
FRIDAY_EVENING, MONDAY_EVENING = FRIDAY_CLOSE + 30 * MINUTE, MONDAY_CLOSE + 30 * MINUTE
IMPORTED = connection(snapshot=stored_snapshot(FRIDAY_NOON))
LAPSED = connection(snapshot=stored_snapshot(FRIDAY_NOON), session=BrokerSession(SessionState.NEEDS_LOGIN))
OF_FRIDAY_NOON, OF_FRIDAY_CLOSE = Complete(snapshot(FRIDAY_NOON)), Complete(snapshot(FRIDAY_CLOSE))


@pytest.mark.parametrize(
    ("account", "outcome", "now", "result"),
    [
        (IMPORTED, OF_FRIDAY_CLOSE, FRIDAY_EVENING, Result.REFRESHED),
        (IMPORTED, ProvenEmpty(snapshot(FRIDAY_CLOSE, securities=0)), FRIDAY_EVENING, Result.REFRESHED),
        (connection(snapshot=None), OF_FRIDAY_CLOSE, FRIDAY_EVENING, Result.REFRESHED),
        (LAPSED, OF_FRIDAY_CLOSE, FRIDAY_EVENING, Result.REFRESHED),
        (IMPORTED, OF_FRIDAY_NOON, FRIDAY_EVENING, Result.NO_NEW_SNAPSHOT),
        (IMPORTED, OF_FRIDAY_NOON, MONDAY_EVENING, Result.UNMOVED),
        (IMPORTED, OF_FRIDAY_CLOSE, MONDAY_EVENING, Result.UNMOVED),
        (LAPSED, OF_FRIDAY_NOON, FRIDAY_EVENING, Result.AWAITS_LOGIN),
        (IMPORTED, Incomplete(UPDATING), FRIDAY_EVENING, Result.INCOMPLETE),
        (LAPSED, Incomplete(UPDATING), FRIDAY_EVENING, Result.AWAITS_LOGIN),
        (IMPORTED, Failed("GATEWAY_FORBIDDEN"), FRIDAY_EVENING, Result.FORBIDDEN),
        (LAPSED, Failed("GATEWAY_FORBIDDEN"), FRIDAY_EVENING, Result.AWAITS_LOGIN),
        (IMPORTED, Failed("GATEWAY_REFUSED"), FRIDAY_EVENING, Result.FAILED),
        (IMPORTED, Failed("GATEWAY_TIMEOUT"), FRIDAY_EVENING, Result.FAILED),
        (LAPSED, Failed("GATEWAY_TIMEOUT"), FRIDAY_EVENING, Result.FAILED),
    ],
)
def test_the_outcome_of_a_pull_gives_the_result(
    account: Connection, outcome: PullOutcome, now: datetime, result: Result
) -> None:
    assert result_of(account, outcome, now, CALENDAR) is result


def test_a_newer_snapshot_of_a_lapsed_session_that_is_not_of_the_last_close_is_tried_again() -> None:
    in_session = Complete(snapshot(FRIDAY_CLOSE - timedelta(hours=1)))

    assert result_of(LAPSED, in_session, FRIDAY_EVENING, CALENDAR) in TRIED_AGAIN


@pytest.mark.parametrize(
    ("outcome", "is_outage"),
    [
        (Failed("GATEWAY_UNAVAILABLE"), True),
        (Failed("GATEWAY_TIMEOUT"), True),
        (Failed("GATEWAY_KEYS_REFUSED"), True),
        (Failed("GATEWAY_FORBIDDEN"), False),
        (Failed("GATEWAY_REFUSED"), False),
        (Incomplete(UPDATING), False),
        (OF_FRIDAY_NOON, False),
    ],
)
def test_an_outage_is_gateways_and_not_an_accounts(outcome: PullOutcome, is_outage: bool) -> None:
    assert shows_outage(outcome) is is_outage


def page_results(forbidden: int, refreshed: int, skipped: int = 0) -> list[Result]:
    return [Result.FORBIDDEN] * forbidden + [Result.REFRESHED] * refreshed + [Result.SKIPPED] * skipped


@pytest.mark.parametrize(
    ("results", "is_mass"),
    [
        (page_results(3, 0), True),
        (page_results(2, 0), False),  # a few may lose their sessions at once
        (page_results(3, 12), False),  # a fifth of those that were pulled
        (page_results(3, 11), True),
        (page_results(3, 11, skipped=100), True),  # what was not pulled does not count
    ],
)
def test_refusals_are_a_mass_beyond_a_few_and_a_fifth(results: list[Result], is_mass: bool) -> None:
    assert is_mass_of_lapses(results, attempt=0) is is_mass


def test_a_mass_of_refusals_is_believed_after_many_attempts() -> None:
    attempts = (ATTEMPTS_TO_BELIEVE - 1, ATTEMPTS_TO_BELIEVE)

    assert [is_mass_of_lapses(page_results(9, 0), attempt) for attempt in attempts] == [True, False]
