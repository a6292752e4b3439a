"""Instants as Gateway writes them, and as keys that sort by time."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from gateway_backend.domain.shared import times
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
