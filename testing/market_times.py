"""Moments of the exchange's week: Thursday 19 and Friday 20 November 2026 are ordinary, then comes a weekend."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

KOLKATA = ZoneInfo("Asia/Kolkata")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

THURSDAY_EVENING = datetime(2026, 11, 19, 18, 0, tzinfo=KOLKATA)
FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KOLKATA)
FRIDAY_CLOSE = datetime(2026, 11, 20, 15, 30, tzinfo=KOLKATA)
FRIDAY_WINDOW = FRIDAY_CLOSE + timedelta(minutes=15)
"""When the refresh after that close begins."""

MONDAY_WINDOW = FRIDAY_WINDOW + timedelta(days=3)
