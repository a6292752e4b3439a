"""When NSE trades: the sessions that decide how old a snapshot is (contract 7.3 and 8).

A regular session is 09:15-15:30 IST, Monday to Friday except holidays. What was announced until the build is generated
data; what NSE announces later (an election day, Diwali's Muhurat hour, a Budget on a Sunday) comes in as an override.
"""

from bisect import bisect_left
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from gateway_backend.domain.market.announcements import NONE, Announcements
from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL, HOLIDAYS, SPECIAL_SESSIONS
from gateway_backend.domain.market.sessions import (
    CLOSES,
    IST,
    OPENS,
    TradingSession,
    parse_rules,
    session_on,
)

WEEKDAYS = 5  # Monday to Friday
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class MarketCalendar:
    """The days are IST dates; moments are aware datetimes of any zone (a naive one raises ValueError).

    A special session goes before a holiday or weekend on the same day, and before the regular hours.
    """

    holidays: Set[date]
    special_sessions: Mapping[date, TradingSession]
    covers_until: date
    acknowledged_until: date | None = None

    @cached_property
    def _weekdays_off(self) -> list[date]:
        return sorted(day for day in self.holidays if _is_weekday(day) and day not in self.special_sessions)

    @cached_property
    def _weekends_on(self) -> list[date]:
        return sorted(day for day in self.special_sessions if not _is_weekday(day))

    def is_trading_day(self, day: date) -> bool:
        return day in self.special_sessions or (_is_weekday(day) and day not in self.holidays)

    def session(self, day: date) -> TradingSession | None:
        if not self.is_trading_day(day):
            return None
        return self.special_sessions.get(day) or session_on(day, OPENS, CLOSES)

    def session_in_progress(self, now: datetime) -> TradingSession | None:
        session = self.session(_ist_date(now))
        return session if session and session.opens_at <= now < session.closes_at else None

    def last_close(self, now: datetime) -> datetime:
        """The latest close that is not after `now`."""
        day = _ist_date(now)
        while (session := self.session(day)) is None or session.closes_at > now:
            day -= ONE_DAY
        return session.closes_at

    def next_close(self, now: datetime) -> datetime:
        """The earliest close that is after `now`."""
        day = _ist_date(now)
        while (session := self.session(day)) is None or session.closes_at <= now:
            day += ONE_DAY
        return session.closes_at

    def full_sessions_between(self, after: datetime, until: datetime) -> int:
        """How many sessions opened at or after `after` and closed not after `until`."""
        begun = self.session_in_progress(after)
        cut = begun is not None and begun.opens_at < after and begun.closes_at <= until
        return self.sessions_closed_between(after, until) - cut

    def sessions_closed_between(self, after: datetime, until: datetime) -> int:
        """How many sessions closed after `after` and not after `until`; none when `until` is the earlier."""
        return max(0, self._sessions_closed_by(until) - self._sessions_closed_by(after))

    def covered_days(self, now: datetime) -> int:
        """Days left until the announced holidays run out: 0 on the last day, negative afterwards."""
        return (self.covers_until - _ist_date(now)).days

    def is_end_acknowledged(self, now: datetime) -> bool:
        """Does the operator know that the holidays run out, and waits for NSE to publish?"""
        return self.acknowledged_until is not None and _ist_date(now) <= self.acknowledged_until

    def _sessions_closed_by(self, moment: datetime) -> int:
        today = _ist_date(moment)
        session = self.session(today)
        return self._trading_days_before(today) + (session is not None and session.closes_at <= moment)

    def _trading_days_before(self, day: date) -> int:
        """Counted from year 1 without walking there: an account may have been away for years."""
        weeks, rest = divmod(day.toordinal() - 1, 7)  # ordinal 1 was a Monday
        weekdays = weeks * WEEKDAYS + min(rest, WEEKDAYS)
        return weekdays - bisect_left(self._weekdays_off, day) + bisect_left(self._weekends_on, day)


def nse_calendar(overrides: str = "", announced: Announcements = NONE) -> MarketCalendar:
    """NSE's calendar with announced changes, such as `2026-11-08=open 18:00-19:00, 2026-12-01=closed`.

    Times are IST; `open` alone means the regular hours. `announced` is what the operator has added since; it goes
    before `overrides`, and these before what the build knows. Raises: ValueError naming the piece it cannot read.
    """
    known = {day: session_on(day, opens, closes) for day, (opens, closes) in SPECIAL_SESSIONS.items()}
    sessions: dict[date, TradingSession | None] = {**known, **parse_rules(overrides), **announced.sessions}
    return MarketCalendar(
        holidays=HOLIDAYS | {day for day, session in sessions.items() if session is None},
        special_sessions={day: session for day, session in sessions.items() if session is not None},
        covers_until=max(COVERS_UNTIL, announced.covers_until or COVERS_UNTIL),
        acknowledged_until=announced.acknowledged_until,
    )


def _is_weekday(day: date) -> bool:
    return day.weekday() < WEEKDAYS


def _ist_date(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(IST).date()
