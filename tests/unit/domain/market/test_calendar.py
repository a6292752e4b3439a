"""NSE's sessions, to the second at open, close and midnight, over weekends, holidays and announced changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.market.calendar import MarketCalendar, nse_calendar
from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL
from testing.moments import KOLKATA, MOMENTS, ist

CALENDAR = nse_calendar()
# A weekend session, a holiday with an evening session, a weekday closed, short hours, a holiday moved.
CHANGED = nse_calendar(
    "2026-11-08=open 18:00-19:00, 2026-11-10=open 18:00-19:00, 2026-11-12=closed,"
    "2026-11-13=open 09:15-12:30, 2026-11-24=open, 2026-11-25=closed"
)


# Sessions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "trading"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),  # Guru Nanak Jayanti
        (date(2026, 12, 25), False),
        (date(2022, 3, 18), False),  # Holi
    ],
)
def test_trading_days(day: date, trading: bool) -> None:
    assert CALENDAR.is_trading_day(day) is trading
    assert (CALENDAR.session(day) is not None) is trading


def test_a_session_is_given_in_utc() -> None:
    session = CALENDAR.session(date(2026, 11, 20))
    assert session is not None
    assert session.opens_at.isoformat() == "2026-11-20T03:45:00+00:00"
    assert session.closes_at.isoformat() == "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-11-20T00:00:00", False),
        ("2026-11-20T09:14:59.999999", False),
        ("2026-11-20T09:15:00", True),
        ("2026-11-20T15:29:59.999999", True),
        ("2026-11-20T15:30:00", False),
        ("2026-11-21T12:00:00", False),
        ("2026-11-24T12:00:00", False),
    ],
)
def test_session_in_progress(now: str, open_: bool) -> None:
    assert (CALENDAR.session_in_progress(ist(now)) is not None) is open_


@pytest.mark.parametrize(
    ("now", "closed_at"),
    [
        ("2026-11-20T15:29:59.999999", "2026-11-19T15:30"),
        ("2026-11-20T15:30:00", "2026-11-20T15:30"),
        ("2026-11-20T23:59:59.999999", "2026-11-20T15:30"),
        ("2026-11-21T00:00:00", "2026-11-20T15:30"),
        ("2026-11-23T15:29:59", "2026-11-20T15:30"),  # over a weekend
        ("2026-11-24T18:00:00", "2026-11-23T15:30"),  # holiday
        ("2026-11-25T15:29:59", "2026-11-23T15:30"),  # over a holiday
        ("2026-11-25T15:30:00", "2026-11-25T15:30"),
        ("2021-11-08T09:00:00", "2021-11-04T19:15"),  # the Muhurat hour, a holiday, then a weekend
    ],
)
def test_last_close(now: str, closed_at: str) -> None:
    assert CALENDAR.last_close(ist(now)) == ist(closed_at)


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        ("2026-11-20T15:29:59.999999", "2026-11-20T15:30", 1),  # the end counts
        ("2026-11-20T15:30", "2026-11-20T15:30", 0),  # the start does not
        ("2026-11-20T15:30", "2026-11-23T15:29:59.999999", 0),
        ("2026-11-20T15:30", "2026-11-23T15:30", 1),
        ("2026-11-23T15:30", "2026-11-25T15:29:59", 0),  # the 24th is a holiday
        ("2026-11-20T12:00", "2026-11-27T16:00", 5),
        ("2026-11-27T16:00", "2026-11-20T12:00", 0),  # backwards
        ("2025-12-31T16:00", "2026-12-31T16:00", 247),  # 261 weekdays, 16 holidays, 2 sessions on Sundays
    ],
)
def test_sessions_closed_between(after: str, until: str, count: int) -> None:
    assert CALENDAR.sessions_closed_between(ist(after), ist(until)) == count


@pytest.mark.parametrize(
    ("now", "closes_at"),
    [
        ("2026-11-20T00:00:00", "2026-11-20T15:30"),
        ("2026-11-20T09:15:00", "2026-11-20T15:30"),
        ("2026-11-20T15:29:59.999999", "2026-11-20T15:30"),
        ("2026-11-20T15:30:00", "2026-11-23T15:30"),  # over a weekend
        ("2026-11-20T23:59:59.999999", "2026-11-23T15:30"),
        ("2026-11-21T00:00:00", "2026-11-23T15:30"),
        ("2026-11-23T15:30:00", "2026-11-25T15:30"),  # over a holiday
        ("2026-11-24T12:00:00", "2026-11-25T15:30"),
        ("2026-12-24T15:30:00", "2026-12-28T15:30"),  # Christmas, then a weekend
    ],
)
def test_next_close(now: str, closes_at: str) -> None:
    assert CALENDAR.next_close(ist(now)) == ist(closes_at)


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        # Taken before the session, or as it opened: the whole session came after it.
        ("2026-11-20T00:00", "2026-11-20T15:30", 1),
        ("2026-11-20T09:14:59.999999", "2026-11-20T15:30", 1),
        ("2026-11-20T09:15", "2026-11-20T15:30", 1),
        ("2026-11-20T09:15", "2026-11-20T15:29:59.999999", 0),
        # Taken in it, however early: cut.
        ("2026-11-20T09:15:00.000001", "2026-11-20T15:30", 0),
        ("2026-11-20T15:29:59.999999", "2026-11-20T15:30", 0),
        ("2026-11-20T15:29:59.999999", "2026-11-23T15:29:59.999999", 0),
        ("2026-11-20T12:00", "2026-11-23T15:30", 1),
        # Taken at the close: the next session counts, after a weekend or a holiday too.
        ("2026-11-20T15:30", "2026-11-20T15:30", 0),
        ("2026-11-20T15:30", "2026-11-23T15:29:59.999999", 0),
        ("2026-11-20T15:30", "2026-11-23T15:30", 1),
        ("2026-11-21T12:00", "2026-11-23T15:30", 1),
        ("2026-11-23T12:00", "2026-11-25T15:29:59.999999", 0),
        ("2026-11-23T12:00", "2026-11-25T15:30", 1),
        ("2026-11-27T16:00", "2026-11-20T12:00", 0),  # backwards
    ],
)
def test_full_sessions_between(after: str, until: str, count: int) -> None:
    assert CALENDAR.full_sessions_between(ist(after), ist(until)) == count


# Announced changes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "full"),
    [("2026-11-08T18:00", 1), ("2026-11-08T18:00:00.000001", 0), ("2026-11-08T12:00", 1), ("2026-11-08T19:00", 0)],
)
def test_an_hour_on_a_sunday_is_a_full_session(after: str, full: int) -> None:
    assert CHANGED.full_sessions_between(ist(after), ist("2026-11-08T19:00")) == full
    assert CHANGED.next_close(ist("2026-11-08T18:59:59")) == ist("2026-11-08T19:00")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 11, 8), (time(18), time(19))),
        (date(2026, 11, 10), (time(18), time(19))),
        (date(2026, 11, 12), ()),
        (date(2026, 11, 13), (time(9, 15), time(12, 30))),
        (date(2026, 11, 24), (time(9, 15), time(15, 30))),
        (date(2026, 11, 25), ()),
        (date(2026, 11, 20), (time(9, 15), time(15, 30))),  # untouched
    ],
)
def test_announced_changes(day: date, hours: tuple[time, ...]) -> None:
    session = CHANGED.session(day)
    moments = (session.opens_at, session.closes_at) if session else ()
    assert tuple(moment.astimezone(KOLKATA).time() for moment in moments) == hours
    assert CHANGED.is_trading_day(day) is bool(hours)


def test_sessions_count_announced_changes() -> None:
    # 8 (an hour), 9, 10 (an hour), 11 and the short 13; without the changes 8 (the same hour), 9, 11 and 12.
    week = ist("2026-11-07T00:00"), ist("2026-11-13T12:30")
    assert CHANGED.sessions_closed_between(*week) == 5
    assert CALENDAR.sessions_closed_between(*week) == 4
    assert CHANGED.last_close(ist("2026-11-08T19:00")) == ist("2026-11-08T19:00")


@pytest.mark.parametrize("overrides", ["", " ", ",", "2026-12-01=closed,", " 2026-12-01 = closed "])
def test_overrides_forgive_space_and_a_trailing_comma(overrides: str) -> None:
    assert CALENDAR.is_trading_day(date(2026, 12, 1))
    assert nse_calendar(overrides).is_trading_day(date(2026, 12, 1)) is ("closed" not in overrides)


@pytest.mark.parametrize(
    "bad",
    [
        "2026-12-01",
        "closed",
        "=closed",
        "2026-13-01=closed",
        "01-12-2026=closed",
        "2026-12-01=shut",
        "2026-12-01=closed 09:15-10:00",
        "2026-12-01=open 18:00",
        "2026-12-01=open 18-19",
        "2026-12-01=open 18:00-25:00",
        "2026-12-01=open 19:00-18:00",
        "2026-12-01=open 18:00-18:00",
        "2026-12-01=open 18:00Z-19:00Z",
        "2026-12-02=open",  # there twice
    ],
)
def test_a_bad_override_is_named(bad: str) -> None:
    with pytest.raises(ValueError, match=r"^Market calendar override ") as error:
        nse_calendar(f"2026-12-02=closed, {bad}, 2026-12-03=closed")
    assert repr(bad) in str(error.value)


# Any moment --------------------------------------------------------------------------------------


def test_coverage_counts_down_in_indian_days() -> None:
    assert CALENDAR.covers_until == COVERS_UNTIL
    last_day = datetime.combine(COVERS_UNTIL, time(23, 59, 59), KOLKATA)
    assert CALENDAR.covered_days(last_day - timedelta(days=30)) == 30
    assert CALENDAR.covered_days(last_day) == 0
    assert CALENDAR.covered_days(last_day + timedelta(seconds=1)) == -1


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.last_close(naive)
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.covered_days(naive)


@given(moment=MOMENTS, calendar=st.sampled_from([CALENDAR, CHANGED]))
def test_the_zone_of_a_moment_does_not_matter(moment: datetime, calendar: MarketCalendar) -> None:
    elsewhere = moment.astimezone(ZoneInfo("America/New_York"))
    assert calendar.last_close(elsewhere) == calendar.last_close(moment)
    assert calendar.session_in_progress(elsewhere) == calendar.session_in_progress(moment)
    assert calendar.covered_days(elsewhere) == calendar.covered_days(moment)


@given(after=MOMENTS, days=st.integers(0, 400), seconds=st.integers(0, 86_400))
def test_the_count_equals_counting_day_by_day(after: datetime, days: int, seconds: int) -> None:
    until = after + timedelta(days=days, seconds=seconds)
    walk = [CHANGED.session(after.date() + timedelta(days=n)) for n in range(-1, days + 3)]
    closes = [session.closes_at for session in walk if session]
    assert CHANGED.sessions_closed_between(after, until) == sum(after < close <= until for close in closes)


@given(now=MOMENTS)
def test_nothing_closes_after_the_last_close(now: datetime) -> None:
    close = CHANGED.last_close(now)
    assert close <= now
    assert CHANGED.sessions_closed_between(close, now) == 0
    assert CHANGED.sessions_closed_between(close - timedelta(microseconds=1), now) == 1


@given(now=MOMENTS, calendar=st.sampled_from([CALENDAR, CHANGED]))
def test_the_next_close_is_the_first_to_come(now: datetime, calendar: MarketCalendar) -> None:
    close = calendar.next_close(now)
    assert close > now
    assert calendar.last_close(close) == close
    assert calendar.last_close(close - timedelta(microseconds=1)) == calendar.last_close(now)


@given(moments=st.tuples(MOMENTS, MOMENTS, MOMENTS), calendar=st.sampled_from([CALENDAR, CHANGED]))
def test_sessions_add_up_and_at_most_one_is_cut(
    moments: tuple[datetime, datetime, datetime], calendar: MarketCalendar
) -> None:
    first, middle, last = sorted(moments)
    closed, full = calendar.sessions_closed_between, calendar.full_sessions_between
    assert closed(first, last) == closed(first, middle) + closed(middle, last)
    assert 0 <= full(first, last) <= closed(first, last) <= full(first, last) + 1
    # A session that the middle falls into is full only for whoever looks over the middle.
    assert 0 <= full(first, last) - full(first, middle) - full(middle, last) <= 1
