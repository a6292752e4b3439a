"""Moments in India, by example or drawn by Hypothesis.

By example: Friday 20 and Monday 23 November 2026 are ordinary, Tuesday 24th is a holiday.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

KOLKATA = ZoneInfo("Asia/Kolkata")
FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KOLKATA)
FRIDAY_CLOSE = FRIDAY_NOON + timedelta(hours=3, minutes=30)
MONDAY_CLOSE = FRIDAY_CLOSE + timedelta(days=3)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

_START = datetime(2019, 1, 1, tzinfo=KOLKATA)
_ANY_MOMENT = st.timedeltas(timedelta(0), timedelta(days=3285)).map(lambda passed: _START + passed)
_EDGES = st.builds(
    lambda day, hours, jitter: _START + timedelta(days=day, hours=hours, microseconds=jitter),
    st.integers(1, 3285),
    st.sampled_from([0, 9.25, 15.5]),
    st.integers(-1, 1),
)
MOMENTS = (_ANY_MOMENT | _EDGES).map(lambda moment: moment.astimezone(UTC))
"""Any moment of nine years, or within a microsecond of an Indian midnight, open or close."""


def ist(text: str) -> datetime:
    """An instant in Indian time, from ISO text without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=KOLKATA)
