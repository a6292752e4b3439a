"""A connection from its first login until it is unlinked: every event changes it or leaves it as it is."""

from collections import Counter
from copy import replace
from datetime import datetime, timedelta

from gateway_backend.domain.connections.connection import SLOTS, UPDATING_FOR, Connection, StoredSnapshot, slot_of
from gateway_backend.domain.connections.freshness import State
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.schedule import RefreshTimes
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON, SECOND

CALENDAR = nse_calendar()
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
WINDOW_OPENS, WINDOW_ENDS = FRIDAY_CLOSE + TIMES.delay, FRIDAY_CLOSE + TIMES.delay + TIMES.spread
NEWEST = StoredSnapshot("id", FRIDAY_NOON, "text", "text", "hash", "v2", 1, 0)
KITE = Connection("account-1", "user-1", "kite", FRIDAY_NOON, "TRX_1", snapshot=NEWEST)


def state(account: Connection, now: datetime) -> State:
    return account.verdict(now, CALENDAR).state


def test_an_account_keeps_its_slot() -> None:
    assert slot_of("6195e288360acf9ebc060d23") == slot_of("6195e288360acf9ebc060d23") == 60


def test_accounts_are_spread_evenly_over_the_slots() -> None:
    filled = Counter(slot_of(f"{number:024x}") for number in range(100 * SLOTS))

    assert set(filled) == set(range(SLOTS))
    assert max(filled.values()) < 150
    assert min(filled.values()) > 60


def test_a_leased_connection_is_updating_until_the_lease_ends() -> None:
    leased = replace(KITE, lease_until=WINDOW_OPENS)

    assert leased.is_leased(WINDOW_OPENS - SECOND)
    assert state(leased, WINDOW_OPENS - SECOND) is State.UPDATING
    assert not leased.is_leased(WINDOW_OPENS)
    assert state(leased, WINDOW_OPENS) is State.DUE


def test_an_answer_of_updating_counts_for_a_while() -> None:
    told = replace(KITE, last_failure="UPDATING", last_attempt_at=WINDOW_OPENS)

    assert state(told, WINDOW_OPENS) is State.UPDATING
    assert state(told, WINDOW_OPENS + UPDATING_FOR - SECOND) is State.UPDATING
    assert state(told, WINDOW_OPENS + UPDATING_FOR) is State.DUE


def test_another_failure_is_no_update() -> None:
    failed = replace(KITE, last_failure="GATEWAY_TIMEOUT", last_attempt_at=WINDOW_OPENS)

    assert state(failed, WINDOW_OPENS) is State.DUE


def test_a_lease_does_not_hide_that_a_login_is_needed() -> None:
    lapsed = replace(KITE, session=BrokerSession(SessionState.NEEDS_LOGIN), lease_until=WINDOW_ENDS)

    assert state(lapsed, WINDOW_OPENS) is State.STALE
