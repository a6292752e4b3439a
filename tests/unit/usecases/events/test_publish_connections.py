"""The events of a connection: linked, lapsed and renewed, holdings changed or stale, an action pending, deleted."""

import pytest

from gateway_backend.store.dynamodb.codec import Item
from testing.stream_records import (
    ABOUT_ACCOUNT,
    ACCOUNT_ID,
    IMPORTED,
    NEEDS_LOGIN,
    PENDING,
    REBALANCE,
    REFRESHED,
    STATUS,
    events_between,
)


def test_a_new_connection_is_linked_by_its_transaction() -> None:
    event = {**ABOUT_ACCOUNT, "occurredAt": "2022-02-01T05:12:44.031Z", "transactionId": "TRX_1"}
    assert events_between(None, STATUS) == {"ConnectionLinked": event}


def test_a_connection_whose_broker_is_unknown_is_linked_without_it() -> None:
    assert events_between(None, STATUS | {"broker": ""})["ConnectionLinked"]["broker"] is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IMPORTED, REFRESHED),
        (STATUS, IMPORTED),
        (IMPORTED, IMPORTED | {"lastAttemptAt": "2022-03-24T10:21:12.940Z", "lastFailure": "GATEWAY_UNAVAILABLE"}),
        (NEEDS_LOGIN, NEEDS_LOGIN | {"lastAttemptAt": "2022-03-25T10:21:12.940Z"}),
        (IMPORTED | {"staleSince": "2022-03-24T10:40:00.312Z"}, REFRESHED),
        ({"pk": "USER#user-1", "sk": f"ACCOUNT#{ACCOUNT_ID}"}, None),
    ],
    ids=["asOf alone", "first import", "outage", "still lapsed", "fresh again", "another item"],
)
def test_a_write_that_changes_nothing_for_others_is_no_event(before: Item, after: Item | None) -> None:
    assert events_between(before, after) == {}


def test_holdings_have_changed_when_their_content_has() -> None:
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T10:21:12.940Z",
        "snapshotDate": "2022-03-24T10:21:09.660Z",
        "previousSnapshotDate": "2022-03-23T10:22:40.518Z",
    }
    assert events_between(IMPORTED, REFRESHED | {"contentHash": "two"}) == {"HoldingsChanged": event}


def test_a_lapse_needs_a_login() -> None:
    event = {**ABOUT_ACCOUNT, "occurredAt": "2022-03-24T10:21:12.940Z", "reason": "GATEWAY_FORBIDDEN"}
    assert events_between(IMPORTED, NEEDS_LOGIN) == {"ConnectionNeedsLogin": event}


RENEWED = REFRESHED | {"stateSince": "2022-03-25T13:02:18.455Z"}


def test_the_end_of_a_lapse_repairs_the_connection() -> None:
    event = {**ABOUT_ACCOUNT, "occurredAt": "2022-03-25T13:02:18.455Z"}
    assert events_between(NEEDS_LOGIN, RENEWED) == {"ConnectionRepaired": event}


def test_a_repair_with_new_holdings_is_two_events() -> None:
    changed = RENEWED | {"contentHash": "two"}
    assert list(events_between(NEEDS_LOGIN, changed)) == ["ConnectionRepaired", "HoldingsChanged"]


STALE = IMPORTED | {"staleSince": "2022-03-24T10:40:00.312Z"}


def test_a_snapshot_goes_stale_with_the_reason() -> None:
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T10:40:00.312Z",
        "snapshotDate": "2022-03-23T10:22:40.518Z",
        "reason": "SESSIONS_MISSED",
    }
    assert events_between(IMPORTED, STALE) == {"HoldingsStale": event}


def test_a_snapshot_that_stays_stale_is_no_event() -> None:
    assert events_between(STALE, STALE | {"lastAttemptAt": "2022-03-25T10:40:00.312Z"}) == {}


def test_a_snapshot_goes_stale_again_in_the_next_lapse() -> None:
    again = STALE | {"staleSince": "2022-03-28T10:40:00.312Z"}
    assert events_between(STALE, again)["HoldingsStale"]["occurredAt"] == "2022-03-28T10:40:00.312Z"


def test_the_reason_of_a_lapse_is_the_reason_of_the_stale_snapshot() -> None:
    found = events_between(IMPORTED, NEEDS_LOGIN | {"staleSince": NEEDS_LOGIN["stateSince"]})
    assert list(found) == ["ConnectionNeedsLogin", "HoldingsStale"]
    assert found["HoldingsStale"]["reason"] == "GATEWAY_FORBIDDEN"


def test_a_connection_without_an_import_can_go_stale() -> None:
    found = events_between(STATUS, STATUS | {"staleSince": "2022-03-24T10:40:00.312Z"})
    assert found["HoldingsStale"]["snapshotDate"] is None


@pytest.mark.parametrize("status", [STATUS, IMPORTED, NEEDS_LOGIN])
def test_an_unlinked_connection_is_deleted_at_the_time_of_the_write(status: Item) -> None:
    assert events_between(status, None) == {
        "ConnectionDeleted": {**ABOUT_ACCOUNT, "occurredAt": "2022-03-24T10:21:12.000Z"}
    }


# Pending actions -------------------------------------------------------------------------------


def test_a_new_action_is_pending() -> None:
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T11:24:05.120Z",
        "iscid": "5d94",
        "scid": "SCNM_1",
        "action": "REBALANCE",
    }
    assert events_between(IMPORTED, PENDING) == {"ActionPending": event}


def test_an_action_for_another_investment_is_pending_beside_the_first() -> None:
    both = PENDING["pendingActions"] | {"5d95": {"action": "SIP", "since": "2022-03-25T11:24:05.120Z"}}
    found = events_between(PENDING, PENDING | {"pendingActions": both})["ActionPending"]
    assert (found["iscid"], found["scid"], found["action"]) == ("5d95", None, "SIP")


def test_another_action_for_the_same_investment_is_pending() -> None:
    repair = PENDING | {"pendingActions": {"5d94": REBALANCE | {"action": "REPAIR"}}}
    assert events_between(PENDING, repair)["ActionPending"]["action"] == "REPAIR"


def test_the_end_of_an_action_is_no_event() -> None:
    assert events_between(PENDING, PENDING | {"pendingActions": {}}) == {}


def test_an_action_that_stays_pending_is_no_event() -> None:
    assert events_between(PENDING, PENDING | {"lastAttemptAt": "2022-03-25T10:21:12.940Z"}) == {}
