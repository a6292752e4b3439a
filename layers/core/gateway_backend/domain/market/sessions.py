"""A day's trading session, and the rules by which one is announced: `closed`, `open`, `open 18:00-19:00`."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import NamedTuple

# India has no daylight saving time: a fixed offset is right and spares loading the time zone database.
IST = timezone(timedelta(hours=5, minutes=30), "IST")
OPENS = time(9, 15)
CLOSES = time(15, 30)
EXPECTED = "expected YYYY-MM-DD=closed, =open or =open HH:MM-HH:MM"


class TradingSession(NamedTuple):
    """One day's trading, in UTC: open from `opens_at` until just before `closes_at`."""

    opens_at: datetime
    closes_at: datetime


@cache
def session_on(day: date, opens: time, closes: time) -> TradingSession:
    """Raises: ValueError."""
    if opens >= closes:
        raise ValueError("a session must close after it opens")
    return TradingSession(
        opens_at=datetime.combine(day, opens, IST).astimezone(UTC),
        closes_at=datetime.combine(day, closes, IST).astimezone(UTC),
    )


def parse_rules(text: str) -> dict[date, TradingSession | None]:
    """`2026-11-08=open 18:00-19:00, 2026-12-01=closed`: each day's session, None where there is none.

    Raises: ValueError naming the piece it cannot read.
    """
    sessions: dict[date, TradingSession | None] = {}
    for piece in filter(None, map(str.strip, text.split(","))):
        day_text, _, rule = piece.partition("=")
        try:
            day = date.fromisoformat(day_text.strip())
            session = parse_rule(day, rule)
        except ValueError as error:
            raise ValueError(f"Market calendar override {piece!r}: {error} ({EXPECTED})") from error
        if day in sessions:
            raise ValueError(f"Market calendar override {piece!r}: {day} is there twice")
        sessions[day] = session
    return sessions


def parse_rule(day: date, rule: str) -> TradingSession | None:
    """Raises: ValueError."""
    match rule.split():
        case ["closed"]:
            return None
        case ["open"]:
            return session_on(day, OPENS, CLOSES)
        case ["open", hours]:
            opens, _, closes = hours.partition("-")
            return session_on(day, _read_time(opens), _read_time(closes))
        case _:
            raise ValueError("neither closed nor open")


def _read_time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))
