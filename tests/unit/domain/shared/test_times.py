"""Instants as Gateway writes them, and as keys that sort by time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.builders import NOW

INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001


@given(INSTANTS)
def test_an_instant_survives_its_text(instant: datetime) -> None:
    assert abs(times.parse(times.to_text(instant)) - instant) < timedelta(milliseconds=1)
    assert times.to_text(instant).endswith("Z")


@given(INSTANTS, INSTANTS)
@example(NOW, NOW + timedelta(microseconds=1))
@example(NOW + timedelta(microseconds=999_999), NOW + timedelta(seconds=1))
def test_keys_sort_as_time_does(first: datetime, second: datetime) -> None:
    assert (times.to_key(first) < times.to_key(second)) is (first.astimezone(UTC) < second.astimezone(UTC))


# Texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-20T10:00:00", "0001-01-01T00:00:00+05:30"])
def test_a_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        times.parse(text)


@pytest.mark.parametrize(
    ("earlier", "ahead"),
    [
        (timedelta(minutes=-1), timedelta(0)),
        (timedelta(0), timedelta(microseconds=1)),
        (timedelta(seconds=2), timedelta(seconds=2, microseconds=1)),
        (timedelta(days=365), times.CLOCK_SKEW),
    ],
)
def test_a_moment_after_an_event_is_later_by_no_more_than_clocks_differ(earlier: timedelta, ahead: timedelta) -> None:
    assert times.after(NOW + earlier, NOW) == NOW + ahead


def test_milliseconds_are_as_precise_as_the_text() -> None:
    assert times.to_milliseconds(NOW.replace(microsecond=1999)) == NOW.replace(microsecond=1000)


@pytest.mark.parametrize("text", ["2026-11-20T10:00:00Z", "2026-11-20T15:30:00+05:30"])
def test_a_moment_is_an_instant(text: str) -> None:
    assert times.parse_moment("since", text) == NOW


def test_a_moment_may_be_a_date_from_midnight_in_india() -> None:
    assert times.parse_moment("since", "2026-11-20") == NOW.replace(hour=0) - timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("text", [None, "", "2026-11-31", "20-11-2026", "2026-11-20T10:00:00"])
def test_a_wrong_moment_is_refused_with_the_name_of_the_parameter(text: str | None) -> None:
    with pytest.raises(RequestInvalid, match="since: give a date"):
        times.parse_moment("since", text)


def test_a_span_may_be_open_at_both_ends() -> None:
    assert times.parse_span(None, None) == (None, None)


@pytest.mark.parametrize("until", ["2026-11-20", "2026-11-19"])
def test_a_span_must_end_after_it_begins(until: str) -> None:
    with pytest.raises(RequestInvalid, match="until: must be later"):
        times.parse_span("2026-11-20", until)


def test_a_caller_may_look_back_to_now() -> None:
    assert times.parse_since(times.to_text(NOW), NOW) == NOW


def test_a_caller_cannot_look_back_to_the_future() -> None:
    with pytest.raises(RequestInvalid, match="since: lies in the future"):
        times.parse_since("2026-11-20T10:00:00.001Z", NOW)
