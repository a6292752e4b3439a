"""The freshness verdict: FRESH exactly while no NSE session has closed since the snapshot."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.connections.freshness import Reason, State, Verdict, verdict
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.market.brokers import BROKERS as BROKERS_BY_KEY
from gateway_backend.domain.market.brokers import Broker
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.shared.errors import Action
from testing.moments import KOLKATA, MOMENTS, ist

CALENDAR = nse_calendar()
ACTIVE, NEEDS_LOGIN = SessionState
FRIDAY_EVENING = datetime(2026, 11, 20, 20, 0, tzinfo=KOLKATA)
SATURDAY = FRIDAY_EVENING + timedelta(days=1)
WEDNESDAY_EVENING = FRIDAY_EVENING + timedelta(days=5)
BROKERS = st.sampled_from(["kite", "kite-leprechaun", "groww", "upstox-leprechaun", "", "a-new-broker"])
SESSIONS = st.sampled_from(SessionState)
FRESHEST_FIRST = [State.FRESH, State.UPDATING, State.DUE, State.STALE]


def judge(
    as_of: datetime | None,
    now: datetime = WEDNESDAY_EVENING,
    broker: str = "groww",
    session: SessionState = ACTIVE,
    updating: bool = False,
    traded_at: datetime | None = None,
) -> Verdict:
    return verdict(now, as_of, broker, session, CALENDAR, updating=updating, traded_at=traded_at)


TRADED = FRIDAY_EVENING + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("as_of", "now", "missed"),
    [
        # Taken at the close: good until the next close, over the weekend.
        ("2026-11-20T15:30", "2026-11-20T15:30", 0),
        ("2026-11-20T15:30", "2026-11-22T12:00", 0),
        ("2026-11-20T15:30", "2026-11-23T12:00", 0),
        ("2026-11-20T15:30", "2026-11-23T15:29:59.999", 0),
        ("2026-11-20T15:30", "2026-11-23T15:30", 1),
        # Taken in the session in progress: good until it closes.
        ("2026-11-20T09:15", "2026-11-20T15:29:59.999", 0),
        ("2026-11-20T09:15", "2026-11-20T15:30", 1),
        ("2026-11-20T15:29:59.999", "2026-11-20T15:30", 1),
        # Taken before the open: the last close is behind it.
        ("2026-11-23T08:00", "2026-11-23T12:00", 0),
        ("2026-11-23T08:00", "2026-11-23T16:00", 1),
        # Over a holiday.
        ("2026-11-23T15:30", "2026-11-25T15:29:59", 0),
        ("2026-11-23T15:30", "2026-11-25T15:30", 1),
        ("2026-11-20T12:00", "2026-11-27T16:00", 5),
    ],
)
def test_fresh_until_a_session_closes(as_of: str, now: str, missed: int) -> None:
    result = judge(ist(as_of), ist(now))
    assert result.sessions_missed == missed
    assert result.state == (State.STALE if missed else State.FRESH)


@pytest.mark.parametrize(
    ("broker", "session", "now", "expected"),
    [
        ("kite", ACTIVE, SATURDAY, (State.FRESH, Reason.UP_TO_DATE, Action.NONE)),
        ("groww", ACTIVE, SATURDAY, (State.FRESH, Reason.UP_TO_DATE, Action.NONE)),
        ("kite", ACTIVE, WEDNESDAY_EVENING, (State.DUE, Reason.SESSIONS_MISSED, Action.REFRESH)),
        ("kite-leprechaun", ACTIVE, WEDNESDAY_EVENING, (State.DUE, Reason.SESSIONS_MISSED, Action.REFRESH)),
        ("groww", ACTIVE, WEDNESDAY_EVENING, (State.STALE, Reason.SESSIONS_MISSED, Action.RECONNECT)),
        ("a-new-broker", ACTIVE, WEDNESDAY_EVENING, (State.STALE, Reason.SESSIONS_MISSED, Action.RECONNECT)),
        ("kite", NEEDS_LOGIN, SATURDAY, (State.FRESH, Reason.LOGIN_NEEDED, Action.RECONNECT)),
        ("kite", NEEDS_LOGIN, WEDNESDAY_EVENING, (State.STALE, Reason.LOGIN_NEEDED, Action.RECONNECT)),
    ],
)
def test_the_action_depends_on_the_broker_and_the_session(
    broker: str, session: SessionState, now: datetime, expected: tuple[State, Reason, Action]
) -> None:
    result = judge(FRIDAY_EVENING, now, broker, session)
    assert (result.state, result.reason, result.action) == expected


@pytest.mark.parametrize("as_of", [None, FRIDAY_EVENING, WEDNESDAY_EVENING])
def test_a_refresh_in_progress_is_updating(as_of: datetime | None) -> None:
    result = judge(as_of, updating=True)
    assert (result.state, result.reason, result.action) == (
        State.UPDATING,
        Reason.BROKER_UPDATING,
        Action.WAIT,
    )
    assert result.as_of == as_of


def test_a_refresh_in_progress_does_not_hide_a_login_that_is_needed() -> None:
    assert judge(FRIDAY_EVENING, session=SessionState.NEEDS_LOGIN, updating=True).action == Action.RECONNECT


@pytest.mark.parametrize("session", SessionState)
@pytest.mark.parametrize("broker", ["kite", "groww"])
def test_never_imported_needs_an_import(broker: str, session: SessionState) -> None:
    result = judge(None, broker=broker, session=session)
    assert result == Verdict(
        state=State.STALE,
        as_of=None,
        sessions_missed=0,
        reason=Reason.NEVER_IMPORTED,
        action=Action.RECONNECT,
        text="No holdings yet. Log in to your broker to import them.",
    )


@pytest.mark.parametrize("session", SessionState)
def test_a_snapshot_from_the_future_is_not_called_fresh(session: SessionState) -> None:
    future = SATURDAY + timedelta(minutes=5, microseconds=1)
    result = judge(future, SATURDAY, "kite", session)
    assert (result.state, result.reason, result.action) == (State.STALE, Reason.CLOCK, Action.CONTACT_SUPPORT)
    assert result.as_of == future
    assert "future" in result.text


@pytest.mark.parametrize("broker", BROKERS_BY_KEY.values(), ids=lambda broker: broker.key)
def test_only_brokers_that_refresh_without_a_login_are_due(broker: Broker) -> None:
    result = judge(FRIDAY_EVENING, broker=broker.key)
    assert result.state == (State.DUE if broker.long_lived else State.STALE)


def test_clocks_may_differ_a_little() -> None:
    assert judge(SATURDAY + timedelta(minutes=5), SATURDAY).state == State.FRESH


@pytest.mark.parametrize(
    ("as_of", "text"),
    [
        ("2022-03-24T11:24:00.871+00:00", "As of 24 Mar 2022, 4:54 pm. Log in to your broker to refresh."),
        ("2022-03-24T18:30:00+00:00", "As of 25 Mar 2022, 12:00 am. Log in to your broker to refresh."),
        ("2022-12-01T06:35:00+00:00", "As of 1 Dec 2022, 12:05 pm. Log in to your broker to refresh."),
    ],
)
def test_the_text_is_in_indian_time(as_of: str, text: str) -> None:
    assert judge(datetime.fromisoformat(as_of)).text == text


def test_the_text_of_each_state() -> None:
    opening = "As of 20 Nov 2026, 8:00 pm."
    assert judge(FRIDAY_EVENING, SATURDAY).text == opening
    assert judge(FRIDAY_EVENING, broker="kite").text == f"{opening} Refresh to see what has changed since."
    waiting = "Your broker is updating your holdings: look again in a few minutes."
    assert judge(FRIDAY_EVENING, updating=True).text == f"{opening} {waiting}"
    assert judge(None, updating=True).text == f"No holdings yet. {waiting}"


def test_the_verdict_as_the_api_gives_it() -> None:
    as_of = datetime.fromisoformat("2022-03-24T16:54:00.871999+05:30")
    assert judge(as_of, as_of + timedelta(days=7)).to_dict() == {
        "state": "STALE",
        "asOf": "2022-03-24T11:24:00.871Z",
        "sessionsMissed": 5,
        "reason": "SESSIONS_MISSED",
        "action": "RECONNECT",
        "text": "As of 24 Mar 2022, 4:54 pm. Log in to your broker to refresh.",
    }
    assert judge(None).to_dict()["asOf"] is None


@pytest.mark.parametrize(
    ("broker", "session", "now", "expected"),
    [
        ("kite", ACTIVE, SATURDAY, (State.DUE, Reason.TRADED_SINCE, Action.REFRESH)),
        ("kite-leprechaun", ACTIVE, SATURDAY, (State.DUE, Reason.TRADED_SINCE, Action.REFRESH)),
        ("groww", ACTIVE, SATURDAY, (State.DUE, Reason.TRADED_SINCE, Action.RECONNECT)),
        ("a-new-broker", ACTIVE, SATURDAY, (State.DUE, Reason.TRADED_SINCE, Action.RECONNECT)),
        ("kite", NEEDS_LOGIN, SATURDAY, (State.DUE, Reason.LOGIN_NEEDED, Action.RECONNECT)),
        # What is stale by itself stays so.
        ("groww", ACTIVE, WEDNESDAY_EVENING, (State.STALE, Reason.SESSIONS_MISSED, Action.RECONNECT)),
        ("kite", ACTIVE, WEDNESDAY_EVENING, (State.DUE, Reason.SESSIONS_MISSED, Action.REFRESH)),
    ],
)
def test_a_snapshot_from_before_a_fill_is_due(
    broker: str, session: SessionState, now: datetime, expected: tuple[State, Reason, Action]
) -> None:
    result = judge(FRIDAY_EVENING, now, broker, session, traded_at=TRADED)
    assert (result.state, result.reason, result.action) == expected


@pytest.mark.parametrize("traded_at", [FRIDAY_EVENING, FRIDAY_EVENING - timedelta(days=9), None])
def test_a_snapshot_from_after_the_fill_shows_it(traded_at: datetime | None) -> None:
    assert judge(FRIDAY_EVENING, SATURDAY, traded_at=traded_at).state == State.FRESH


def test_a_fill_before_the_first_import_or_during_a_refresh_changes_nothing() -> None:
    assert judge(None, traded_at=TRADED) == judge(None)
    assert judge(FRIDAY_EVENING, SATURDAY, updating=True, traded_at=TRADED).state == State.UPDATING


@given(MOMENTS, MOMENTS, MOMENTS, BROKERS, SESSIONS)
def test_no_snapshot_from_before_a_fill_is_fresh(
    first: datetime, second: datetime, traded_at: datetime, broker: str, session: SessionState
) -> None:
    as_of, now = sorted([first, second])
    result = judge(as_of, now, broker, session, traded_at=traded_at)
    assert (result.state == State.FRESH) is (result.sessions_missed == 0 and as_of >= traded_at)


@given(MOMENTS, MOMENTS, BROKERS, SESSIONS)
def test_fresh_means_that_no_session_was_missed(
    first: datetime, second: datetime, broker: str, session: SessionState
) -> None:
    as_of, now = sorted([first, second])
    result = judge(as_of, now, broker, session)
    assert (result.state == State.FRESH) is (result.sessions_missed == 0)
    assert (result.state == State.FRESH) is (as_of >= CALENDAR.last_close(now))
    assert result.as_of == as_of


@given(st.tuples(MOMENTS, MOMENTS, MOMENTS), BROKERS, SESSIONS, st.booleans())
def test_waiting_never_makes_it_fresher(
    moments: tuple[datetime, datetime, datetime], broker: str, session: SessionState, updating: bool
) -> None:
    as_of, now, later = sorted(moments)
    before, after = (judge(as_of, moment, broker, session, updating) for moment in (now, later))
    assert FRESHEST_FIRST.index(after.state) >= FRESHEST_FIRST.index(before.state)
    assert after.sessions_missed >= before.sessions_missed
    # Nothing of `now` leaks into what the user reads.
    assert after.state != before.state or after.text == before.text


@given(st.tuples(MOMENTS, MOMENTS, MOMENTS), BROKERS, SESSIONS, st.booleans())
def test_a_newer_snapshot_is_never_worse(
    moments: tuple[datetime, datetime, datetime], broker: str, session: SessionState, updating: bool
) -> None:
    older, newer, now = sorted(moments)
    old, new = (judge(as_of, now, broker, session, updating) for as_of in (older, newer))
    assert FRESHEST_FIRST.index(new.state) <= FRESHEST_FIRST.index(old.state)
    assert new.sessions_missed <= old.sessions_missed


@given(st.none() | MOMENTS, MOMENTS, BROKERS, SESSIONS, st.booleans())
def test_only_a_living_session_of_a_long_lived_broker_is_due(
    as_of: datetime | None, now: datetime, broker: str, session: SessionState, updating: bool
) -> None:
    result = judge(as_of, now, broker, session, updating)
    if result.state == State.DUE:
        assert broker.startswith("kite")
        assert session == ACTIVE
    assert (result.action == Action.REFRESH) is (result.state == State.DUE)
    assert (result.action == Action.WAIT) is (result.state == State.UPDATING)
    assert result.text.endswith(".")
