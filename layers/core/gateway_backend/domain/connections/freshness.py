"""How fresh an account's snapshot is, and what would make it fresher (contract 8).

Age is counted in NSE sessions, not in hours: a snapshot from Friday evening is as good on Sunday.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.market.brokers import is_long_lived
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.market.sessions import IST
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import Action

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class State(StrEnum):
    FRESH = "FRESH"  # no session has closed since the snapshot
    UPDATING = "UPDATING"  # a refresh of it is running
    DUE = "DUE"  # old, but a fetch without a login may do; or of today, but from before an order was filled
    STALE = "STALE"  # old, and only the user can renew it


_LEAST_FRESH_LAST = (State.FRESH, State.UPDATING, State.DUE, State.STALE)


class Reason(StrEnum):
    """Why the verdict is what it is: stable words for programs."""

    UP_TO_DATE = "UP_TO_DATE"
    BROKER_UPDATING = "BROKER_UPDATING"
    SESSIONS_MISSED = "SESSIONS_MISSED"
    TRADED_SINCE = "TRADED_SINCE"
    LOGIN_NEEDED = "LOGIN_NEEDED"
    NEVER_IMPORTED = "NEVER_IMPORTED"
    CLOCK = "CLOCK"


REMEDIES = {
    Action.NONE: "",
    Action.WAIT: " Your broker is updating your holdings: look again in a few minutes.",
    Action.REFRESH: " Refresh to see what has changed since.",
    Action.RECONNECT: " Log in to your broker to refresh.",
    Action.CONTACT_SUPPORT: " Please contact support.",
}


class Verdict(NamedTuple):
    """`as_of` is the snapshot's own date, `text` is for the user; without a snapshot no session is missed."""

    state: State
    as_of: datetime | None
    sessions_missed: int
    reason: Reason
    action: Action
    text: str

    def to_dict(self) -> dict[str, str | int | None]:
        """As the API says it; `asOf` is ISO-8601 in UTC with milliseconds."""
        return {
            "state": self.state.value,
            "asOf": times.to_text(self.as_of) if self.as_of else None,
            "sessionsMissed": self.sessions_missed,
            "reason": self.reason.value,
            "action": self.action.value,
            "text": self.text,
        }


def verdict(
    now: datetime,
    as_of: datetime | None,
    broker: str,
    session: SessionState,
    calendar: MarketCalendar,
    *,
    updating: bool = False,
    traded_at: datetime | None = None,
) -> Verdict:
    """Judge the snapshot taken at `as_of` (its `snapshotDate`; None before the first import).

    `updating` is the broker's word that a refresh is in progress; it counts only while the session is active.
    `traded_at`: when an order was last filled through Gateway; an older snapshot is due.
    A current snapshot is FRESH even if the next one needs a login: then `action` alone asks for it.
    """
    missed = calendar.sessions_closed_between(as_of, now) if as_of else 0
    long_lived = is_long_lived(broker)
    traded = as_of is not None and traded_at is not None and as_of < traded_at
    state, reason, action = _judge(now, as_of, missed, session, updating=updating, long_lived=long_lived, traded=traded)
    return Verdict(state, as_of, missed, reason, action, _text(as_of, reason, action))


def least_fresh(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of several accounts together: what the least fresh one needs, and the date of the oldest snapshot."""
    if not verdicts:
        return None
    worst = max(verdicts, key=lambda each: (_LEAST_FRESH_LAST.index(each.state), each.sessions_missed))
    oldest = min((each.as_of for each in verdicts if each.as_of), default=None)
    missed = max(each.sessions_missed for each in verdicts)
    text = _text(oldest, worst.reason, worst.action) if worst.as_of else worst.text
    return worst._replace(as_of=oldest, sessions_missed=missed, text=text)


def _judge(
    now: datetime,
    as_of: datetime | None,
    missed: int,
    session: SessionState,
    *,
    updating: bool,
    long_lived: bool,
    traded: bool,
) -> tuple[State, Reason, Action]:
    if updating and session == SessionState.ACTIVE:
        return State.UPDATING, Reason.BROKER_UPDATING, Action.WAIT
    if as_of is None:
        return State.STALE, Reason.NEVER_IMPORTED, Action.RECONNECT
    if as_of - now > times.CLOCK_SKEW:
        # No login helps: a newer snapshot with a true date would count as older than this one.
        return State.STALE, Reason.CLOCK, Action.CONTACT_SUPPORT
    state = State.STALE if missed else State.DUE if traded else State.FRESH
    if session == SessionState.NEEDS_LOGIN:
        return state, Reason.LOGIN_NEEDED, Action.RECONNECT
    if traded and not missed:
        return State.DUE, Reason.TRADED_SINCE, Action.REFRESH if long_lived else Action.RECONNECT
    if not missed:
        return State.FRESH, Reason.UP_TO_DATE, Action.NONE
    if long_lived:
        return State.DUE, Reason.SESSIONS_MISSED, Action.REFRESH
    return State.STALE, Reason.SESSIONS_MISSED, Action.RECONNECT


def _text(as_of: datetime | None, reason: Reason, action: Action) -> str:
    if reason == Reason.NEVER_IMPORTED:
        return "No holdings yet. Log in to your broker to import them."
    if reason == Reason.CLOCK:
        return "The date of these holdings lies in the future." + REMEDIES[action]
    opening = f"As of {_ist_text(as_of)}." if as_of else "No holdings yet."
    return opening + REMEDIES[action]


def _ist_text(moment: datetime) -> str:
    """Such as `24 Mar 2022, 4:54 pm`; by hand, because strftime follows the host's locale."""
    local = moment.astimezone(IST)
    clock = f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {clock}"
