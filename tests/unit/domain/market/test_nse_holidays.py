"""NSE's holidays, generated from a package of the world's holidays and from what NSE announced during a year."""

import json
from datetime import date, time

import pytest

from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL, HOLIDAYS
from ops import generate_nse_holidays
from testing.moments import KOLKATA
from testing.portfolios import FIXTURES

CALENDAR = nse_calendar()
CASE = json.loads((FIXTURES / "nse-days.json").read_text(encoding="utf-8"))
OPEN_DAYS = [*CASE["openWeekend"], *CASE["openHoliday"], *CASE["sunday"]]


def test_the_holidays_are_those_of_the_package() -> None:
    assert generate_nse_holidays.TARGET.read_text(encoding="utf-8") == generate_nse_holidays.render(), (
        "run python -m ops.generate_nse_holidays"
    )
    assert all(day.weekday() < 5 for day in HOLIDAYS)


def test_coverage_ends_with_the_last_year_nse_has_announced() -> None:
    assert generate_nse_holidays.is_announced(COVERS_UNTIL.year)
    assert not generate_nse_holidays.is_announced(COVERS_UNTIL.year + 1)


@pytest.mark.parametrize("day", [date.fromisoformat(text[:10]) for text in OPEN_DAYS], ids=str)
def test_a_special_session_is_known(day: date) -> None:
    assert CALENDAR.is_trading_day(day)


@pytest.mark.parametrize("day", [date.fromisoformat(text) for text in CASE["closed"]], ids=str)
def test_a_day_that_nse_closed_during_the_year_is_known(day: date) -> None:
    assert not CALENDAR.is_trading_day(day)


def test_a_holiday_that_was_moved_leaves_its_old_day_open() -> None:
    assert CALENDAR.is_trading_day(date(2023, 6, 28))


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2020, 2, 1), time(9, 15), time(15, 30)),
        (date(2020, 11, 14), time(18, 15), time(19, 15)),
        (date(2024, 3, 2), time(9, 15), time(12, 30)),
        (date(2024, 11, 1), time(18, 0), time(19, 0)),
        (date(2025, 10, 21), time(13, 45), time(14, 45)),  # in the afternoon, not in the evening
        (date(2026, 2, 1), time(9, 15), time(15, 30)),
        (date(2026, 11, 8), time(18, 0), time(19, 0)),
    ],
)
def test_a_special_session_has_its_own_hours(day: date, opens: time, closes: time) -> None:
    session = CALENDAR.session(day)
    assert session
    assert session.opens_at.astimezone(KOLKATA).time() == opens
    assert session.closes_at.astimezone(KOLKATA).time() == closes


def test_every_announcement_has_a_source_or_says_that_none_was_at_hand() -> None:
    for line in generate_nse_holidays.ANNOUNCEMENTS.read_text(encoding="utf-8").splitlines()[1:]:
        assert "https://" in line or "no circular was at hand" in line
