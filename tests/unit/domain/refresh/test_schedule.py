"""When an account is refreshed: in its slot of the window after every close."""

from copy import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.connections.connection import SLOTS, Connection, slot_of
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.schedule import OVERDUE_AFTER, ROUNDS, RefreshTimes, is_due
from testing.builders import connection, stored_snapshot
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON, MONDAY_CLOSE, SECOND

CALENDAR = nse_calendar()
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
WINDOW_OPENS, WINDOW_ENDS = FRIDAY_CLOSE + TIMES.delay, FRIDAY_CLOSE + TIMES.delay + TIMES.spread
SECOND_ROUND = WINDOW_OPENS + timedelta(minutes=90)
NEWEST = stored_snapshot(FRIDAY_NOON)
KITE = connection(snapshot=NEWEST)
MINUTES = st.integers(1, 120).map(lambda minutes: timedelta(minutes=minutes))
REFRESH_TIMES = st.builds(RefreshTimes, delay=MINUTES, spread=MINUTES)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda passed: FRIDAY_NOON + passed)


def next_due(account: Connection, now: datetime) -> datetime | None:
    return TIMES.next_due(account, now, CALENDAR)


# Slots -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "begun"),
    [
        (FRIDAY_CLOSE, 0),
        (WINDOW_OPENS - SECOND, 0),
        (WINDOW_OPENS, 1),
        (WINDOW_OPENS + SECOND, 1),
        (WINDOW_OPENS + TIMES.spread / 2, SLOTS // 2 + 1),
        (WINDOW_ENDS - SECOND, SLOTS),
        (WINDOW_ENDS, SLOTS),
        (SECOND_ROUND - SECOND, SLOTS),
        (SECOND_ROUND, SLOTS + 1),
        (SECOND_ROUND + TIMES.spread / 2, SLOTS + SLOTS // 2 + 1),
        (SECOND_ROUND + TIMES.spread, 2 * SLOTS),
        (WINDOW_ENDS + timedelta(days=2), 2 * SLOTS),
    ],
)
def test_the_slots_begin_in_turn_in_two_rounds(now: datetime, begun: int) -> None:
    assert TIMES.slots_begun(FRIDAY_CLOSE, now) == begun


@given(REFRESH_TIMES, MOMENTS, MOMENTS)
def test_the_number_of_begun_slots_never_decreases(
    refresh_times: RefreshTimes, first: datetime, second: datetime
) -> None:
    now, later = sorted([first, second])
    begun = refresh_times.slots_begun(FRIDAY_CLOSE, now)

    assert 0 <= begun <= refresh_times.slots_begun(FRIDAY_CLOSE, later) <= SLOTS * ROUNDS


@given(REFRESH_TIMES, st.integers(0, SLOTS - 1))
def test_every_slot_begins_within_the_spread(refresh_times: RefreshTimes, slot: int) -> None:
    begins_at = refresh_times.begins_at(slot, FRIDAY_CLOSE)

    assert timedelta(0) <= begins_at - FRIDAY_CLOSE - refresh_times.delay < refresh_times.spread
    assert refresh_times.slots_begun(FRIDAY_CLOSE, begins_at - SECOND) <= slot
    assert refresh_times.slots_begun(FRIDAY_CLOSE, begins_at + SECOND) > slot


# Due ---------------------------------------------------------------------------------------------


def test_a_fresh_account_is_next_due_in_its_slot_after_the_next_close() -> None:
    assert next_due(KITE, FRIDAY_NOON) == TIMES.begins_at(slot_of(KITE.id), FRIDAY_CLOSE)

    refreshed = replace(KITE, snapshot=replace(NEWEST, as_of=WINDOW_ENDS))
    assert next_due(refreshed, WINDOW_ENDS) == TIMES.begins_at(slot_of(KITE.id), MONDAY_CLOSE)


def test_an_account_that_was_not_refreshed_stays_due_after_the_last_close() -> None:
    assert next_due(KITE, WINDOW_ENDS) == TIMES.begins_at(slot_of(KITE.id), FRIDAY_CLOSE)
    assert next_due(KITE, MONDAY_CLOSE) == TIMES.begins_at(slot_of(KITE.id), MONDAY_CLOSE)


@pytest.mark.parametrize(
    "account",
    [
        replace(KITE, broker="groww"),
        replace(KITE, broker="a-new-broker"),
        replace(KITE, snapshot=None),
        replace(KITE, session=BrokerSession(SessionState.NEEDS_LOGIN)),
    ],
    ids=lambda account: f"{account.broker} {account.session.state} {account.as_of and 'imported'}",
)
def test_an_account_that_needs_a_login_has_no_next_refresh(account: Connection) -> None:
    assert next_due(account, WINDOW_ENDS) is None


@given(MOMENTS, MOMENTS, MOMENTS)
def test_the_next_refresh_never_moves_back(as_of: datetime, first: datetime, second: datetime) -> None:
    now, later = sorted([first, second])
    account = replace(KITE, snapshot=replace(NEWEST, as_of=min(as_of, now)))
    due, due_later = next_due(account, now), next_due(account, later)

    assert due is not None
    assert due_later is not None
    assert due <= due_later
    assert (due <= CALENDAR.last_close(now) + TIMES.delay + TIMES.spread) is is_due(account, now, CALENDAR)


@pytest.mark.parametrize(
    ("as_of", "now", "due"),
    [
        (FRIDAY_NOON, FRIDAY_CLOSE - SECOND, False),
        (FRIDAY_NOON, FRIDAY_CLOSE, True),
        (FRIDAY_NOON, MONDAY_CLOSE - SECOND, True),
        (FRIDAY_NOON, MONDAY_CLOSE, True),
        (FRIDAY_CLOSE, MONDAY_CLOSE - SECOND, False),
        (FRIDAY_CLOSE, MONDAY_CLOSE, True),
    ],
)
def test_an_account_is_due_once_the_exchange_has_closed(as_of: datetime, now: datetime, due: bool) -> None:
    assert is_due(connection(snapshot=stored_snapshot(as_of)), now, CALENDAR) is due


def test_an_account_is_not_due_before_its_first_import() -> None:
    assert not is_due(connection(snapshot=None), MONDAY_CLOSE, CALENDAR)


@pytest.mark.parametrize(("after", "overdue"), [(OVERDUE_AFTER - SECOND, False), (OVERDUE_AFTER, True)])
def test_a_window_is_overdue_some_time_after_it_opened(after: timedelta, overdue: bool) -> None:
    assert TIMES.is_overdue(FRIDAY_CLOSE, WINDOW_OPENS + after) is overdue
