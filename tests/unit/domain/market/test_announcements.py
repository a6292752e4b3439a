"""What the operator adds to NSE's calendar."""

from datetime import date, time

import pytest

from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL
from testing.moments import KOLKATA, ist

CHRISTMAS, WORKDAY, SUNDAY = date(2026, 12, 25), date(2026, 12, 1), date(2027, 10, 31)


def test_a_rule_that_cannot_be_read_is_refused_when_it_is_added() -> None:
    for rule in ("", "shut", "open 19:00-18:00", "open 18"):
        with pytest.raises(ValueError):  # noqa: PT011
            NONE.add(WORKDAY, rule)


def test_a_day_may_be_closed_opened_or_given_hours() -> None:
    calendar = nse_calendar("", NONE.add(WORKDAY, "closed").add(CHRISTMAS, "open").add(SUNDAY, "open  18:00-19:00"))

    assert [calendar.is_trading_day(day) for day in (WORKDAY, CHRISTMAS, SUNDAY)] == [False, True, True]
    session = calendar.session(SUNDAY)
    assert session
    assert session.closes_at.astimezone(KOLKATA).time() == time(19)


def test_a_day_that_is_removed_is_as_the_build_knows_it() -> None:
    calendar = nse_calendar("", NONE.add(CHRISTMAS, "open").remove(CHRISTMAS))

    assert not calendar.is_trading_day(CHRISTMAS)


def test_the_coverage_is_never_shorter_than_what_the_build_knows() -> None:
    assert nse_calendar("", NONE.cover(date(2025, 1, 1))).covers_until == COVERS_UNTIL
    assert nse_calendar("", NONE.cover(date(2027, 12, 31))).covers_until == date(2027, 12, 31)


def test_the_end_is_acknowledged_until_the_end_of_an_indian_day() -> None:
    calendar = nse_calendar("", NONE.acknowledge(date(2026, 12, 20)))

    assert calendar.is_end_acknowledged(ist("2026-12-20T23:59:59"))
    assert not calendar.is_end_acknowledged(ist("2026-12-21T00:00"))
    assert not nse_calendar().is_end_acknowledged(ist("2026-12-20T12:00"))
