"""The broker session behind a connection: one lapse at a time, ended by a login or by newer holdings."""

from datetime import datetime

import pytest

from gateway_backend.domain.connections.session import BrokerSession, SessionState, has_lapsed
from gateway_backend.domain.market.calendar import nse_calendar
from testing.builders import NOW
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON, MINUTE, MONDAY_CLOSE, SECOND

CALENDAR = nse_calendar()
LATER = NOW + MINUTE
ACTIVE = BrokerSession(SessionState.ACTIVE, NOW)
LAPSED = BrokerSession(SessionState.NEEDS_LOGIN, NOW, "GATEWAY_FORBIDDEN")


def test_a_lapse_has_its_reason_and_its_time() -> None:
    assert ACTIVE.lapse("GATEWAY_FORBIDDEN", LATER) == BrokerSession(
        SessionState.NEEDS_LOGIN, LATER, "GATEWAY_FORBIDDEN"
    )


def test_a_second_lapse_changes_nothing() -> None:
    assert LAPSED.lapse("SNAPSHOT_NOT_MOVING", LATER) is LAPSED


def test_newer_holdings_end_a_lapse() -> None:
    assert LAPSED.renew(LATER) == BrokerSession(SessionState.ACTIVE, LATER)


def test_newer_holdings_leave_an_active_session() -> None:
    assert ACTIVE.renew(LATER) is ACTIVE


def test_newer_holdings_date_an_active_session_without_a_date() -> None:
    assert BrokerSession(SessionState.ACTIVE).renew(LATER) == BrokerSession(SessionState.ACTIVE, LATER)


def test_a_login_begun_after_the_lapse_ends_it() -> None:
    assert LAPSED.renew_by_login(NOW + SECOND, LATER) == BrokerSession(SessionState.ACTIVE, LATER)


def test_a_login_begun_no_later_than_the_lapse_leaves_it() -> None:
    assert LAPSED.renew_by_login(NOW, LATER) is LAPSED


@pytest.mark.parametrize(
    ("as_of", "now", "lapsed"),
    [
        (FRIDAY_NOON, FRIDAY_CLOSE - SECOND, False),
        (FRIDAY_NOON, FRIDAY_CLOSE, False),  # the snapshot is of that session: Gateway may only be slow
        (FRIDAY_NOON, MONDAY_CLOSE - SECOND, False),
        (FRIDAY_NOON, MONDAY_CLOSE, True),
        (FRIDAY_CLOSE, MONDAY_CLOSE - SECOND, False),
        (FRIDAY_CLOSE, MONDAY_CLOSE, True),
    ],
)
def test_a_session_has_lapsed_after_a_whole_trading_session_without_newer_holdings(
    as_of: datetime, now: datetime, lapsed: bool
) -> None:
    assert has_lapsed(as_of, now, CALENDAR) is lapsed
