"""A connection from its first login until it is unlinked: every event changes it or leaves it as it is."""

from collections import Counter
from copy import replace
from datetime import datetime, timedelta

import pytest

from gateway_backend.domain.connections.connection import (
    MOST_PENDING_ACTIONS,
    SLOTS,
    UPDATING_FOR,
    Connection,
    link,
    slot_of,
)
from gateway_backend.domain.connections.freshness import State
from gateway_backend.domain.connections.records import ConsentRecord, PendingAction
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.shared.errors import AccountOfAnotherUser, RefreshTooSoon
from testing.builders import NOW, connection, stored_snapshot, transaction
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON, MINUTE, MONDAY_CLOSE, SECOND

CALENDAR = nse_calendar()
WINDOW_OPENS, WINDOW_ENDS = FRIDAY_CLOSE + 15 * MINUTE, FRIDAY_CLOSE + 35 * MINUTE
KITE = connection(snapshot=stored_snapshot(FRIDAY_NOON))
NEEDS_LOGIN = BrokerSession(SessionState.NEEDS_LOGIN, NOW, "SNAPSHOT_NOT_MOVING")


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
    updating = replace(KITE, last_failure="UPDATING", last_attempt_at=WINDOW_OPENS)

    assert state(updating, WINDOW_OPENS) is State.UPDATING
    assert state(updating, WINDOW_OPENS + UPDATING_FOR - SECOND) is State.UPDATING
    assert state(updating, WINDOW_OPENS + UPDATING_FOR) is State.DUE


def test_another_failure_is_no_update() -> None:
    failed = replace(KITE, last_failure="GATEWAY_TIMEOUT", last_attempt_at=WINDOW_OPENS)

    assert state(failed, WINDOW_OPENS) is State.DUE


def test_a_lease_does_not_hide_that_a_login_is_needed() -> None:
    lapsed = replace(KITE, session=BrokerSession(SessionState.NEEDS_LOGIN), lease_until=WINDOW_ENDS)

    assert state(lapsed, WINDOW_OPENS) is State.STALE


# The first login and later ones ----------------------------------------------------------------


def test_the_first_login_makes_an_active_connection_of_the_transactions_user() -> None:
    linked = link(None, "account-1", "kite", transaction(owner="user-7", id="TRX_7", mutual_funds=True), NOW)

    assert linked == Connection(
        id="account-1",
        owner="user-7",
        broker="kite",
        linked_at=NOW,
        transaction_id="TRX_7",
        mutual_funds=True,
        session=BrokerSession(SessionState.ACTIVE, NOW),
    )


def test_a_login_of_another_user_is_refused() -> None:
    with pytest.raises(AccountOfAnotherUser):
        link(KITE, KITE.id, "kite", transaction(owner="user-2"), NOW)


def test_a_later_login_keeps_link_date_transaction_and_snapshot() -> None:
    again = link(KITE, KITE.id, None, transaction(id="TRX_2", created_at=NOW + MINUTE), NOW + 2 * MINUTE)

    assert again == KITE


def test_a_login_after_a_lapse_makes_the_session_active() -> None:
    lapsed = replace(KITE, session=NEEDS_LOGIN)

    assert link(lapsed, KITE.id, None, transaction(created_at=NOW + MINUTE), NOW).session.is_active


def test_a_login_begun_before_the_lapse_leaves_it() -> None:
    lapsed = replace(KITE, session=NEEDS_LOGIN)

    assert link(lapsed, KITE.id, None, transaction(created_at=NOW), NOW + MINUTE).session == NEEDS_LOGIN


@pytest.mark.parametrize(("before", "requested"), [(False, True), (True, False), (True, True)])
def test_mutual_funds_stay_requested_once_they_were(before: bool, requested: bool) -> None:
    linked = link(connection(mutual_funds=before), KITE.id, None, transaction(mutual_funds=requested), NOW)

    assert linked.mutual_funds


def test_a_connection_without_a_broker_takes_the_broker_of_a_later_login() -> None:
    assert link(connection(broker=""), KITE.id, "groww", transaction(), NOW).broker == "groww"


# A refresh that the user requested --------------------------------------------------------------


def test_a_requested_refresh_leases_the_connection() -> None:
    leased = KITE.begin_refresh(NOW, key="key", floor=MINUTE, lasting=2 * MINUTE)

    assert (leased.lease_until, leased.requested_at) == (NOW + 2 * MINUTE, NOW)


def test_no_second_refresh_begins_during_the_lease() -> None:
    leased = KITE.begin_refresh(NOW, key="key", floor=SECOND, lasting=2 * MINUTE)

    with pytest.raises(RefreshTooSoon):
        leased.begin_refresh(NOW + MINUTE, key="key", floor=SECOND, lasting=2 * MINUTE)


def test_no_second_refresh_begins_within_the_floor() -> None:
    refreshed = replace(KITE, requested_at=NOW)

    with pytest.raises(RefreshTooSoon) as refused:
        refreshed.begin_refresh(NOW + MINUTE - SECOND, key="key", floor=MINUTE, lasting=MINUTE)
    assert refused.value.retry_after_seconds == 1


def test_another_refresh_begins_after_the_floor() -> None:
    refreshed = replace(KITE, requested_at=NOW)

    assert refreshed.begin_refresh(NOW + MINUTE, key="key", floor=MINUTE, lasting=MINUTE).requested_at == NOW + MINUTE


# Flags, trades, recommendations, the end --------------------------------------------------------


def test_a_stale_snapshot_is_flagged_with_its_time() -> None:
    stale = connection(broker="groww", snapshot=stored_snapshot(FRIDAY_NOON))

    assert stale.flag_if_stale(MONDAY_CLOSE, CALENDAR).stale_since == MONDAY_CLOSE


@pytest.mark.parametrize(
    "account",
    [
        connection(broker="groww", snapshot=stored_snapshot(MONDAY_CLOSE)),
        connection(broker="groww", snapshot=stored_snapshot(FRIDAY_NOON), stale_since=FRIDAY_CLOSE),
        connection(broker="groww", snapshot=None),
        KITE,
    ],
    ids=["fresh", "flagged already", "not imported", "refreshed without a login"],
)
def test_a_connection_is_not_flagged(account: Connection) -> None:
    assert account.flag_if_stale(MONDAY_CLOSE, CALENDAR) is account


@pytest.mark.parametrize(
    ("account", "awaits"),
    [
        (connection(broker="groww"), True),
        (connection(broker="groww", stale_since=NOW), False),
        (connection(broker="groww", snapshot=None), False),
        (KITE, False),
    ],
    ids=["snapshot", "flagged already", "not imported", "refreshed without a login"],
)
def test_a_snapshot_awaits_its_stale_flag_where_only_a_login_renews_it(account: Connection, awaits: bool) -> None:
    assert account.awaits_stale_flag is awaits


def test_a_trade_of_the_owner_is_recorded() -> None:
    assert KITE.record_trade("user-1", NOW).traded_at == NOW


@pytest.mark.parametrize(("owner", "at"), [("user-2", NOW + MINUTE), ("user-1", NOW), ("user-1", NOW - MINUTE)])
def test_a_trade_of_another_user_or_no_later_trade_changes_nothing(owner: str, at: datetime) -> None:
    traded = replace(KITE, traded_at=NOW)

    assert traded.record_trade(owner, at) is traded


def recommendation(number: int, action: str = "REBALANCE") -> PendingAction:
    return PendingAction(f"iscid-{number}", action, NOW + timedelta(seconds=number))


def test_a_recommendation_replaces_another_for_the_same_investment() -> None:
    recommended = KITE.record_recommendation("iscid-1", recommendation(1))

    replaced = recommended.record_recommendation("iscid-1", recommendation(1, "SIP"))
    assert replaced.pending_actions == (recommendation(1, "SIP"),)


def test_the_same_recommendation_again_changes_nothing() -> None:
    recommended = KITE.record_recommendation("iscid-1", recommendation(1))
    later = recommendation(1)._replace(since=NOW + MINUTE)

    assert recommended.record_recommendation("iscid-1", later) is recommended


def test_a_recommendation_that_was_followed_is_removed() -> None:
    recommended = KITE.record_recommendation("iscid-1", recommendation(1))

    assert recommended.record_recommendation("iscid-1", None).pending_actions == ()


def test_the_oldest_recommendations_are_dropped() -> None:
    account = KITE
    for number in range(MOST_PENDING_ACTIONS + 1):
        account = account.record_recommendation(f"iscid-{number}", recommendation(number))

    assert account.pending_actions == tuple(map(recommendation, range(1, MOST_PENDING_ACTIONS + 1)))


def test_the_consent_record_has_both_dates_of_the_consent() -> None:
    linked = connection(linked_at=NOW)

    assert linked.unlink(NOW + MINUTE) == ConsentRecord("account-1", "user-1", "kite", NOW, NOW + MINUTE, "TRX_1")
