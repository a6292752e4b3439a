"""A connection is read from its item as it was written; its place in the work index says who looks after it."""

from copy import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import Doubt, PendingAction
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.store.connections.codec import account_id_of, from_item, to_item
from gateway_backend.store.dynamodb.codec import decode, encode
from testing.builders import LATER, NOW, connection, stored_snapshot

MOMENTS = st.none() | st.integers(0, 10**9).map(lambda seconds: NOW + timedelta(milliseconds=seconds))
ACTIONS = st.lists(
    st.builds(PendingAction, st.text(min_size=1, max_size=3), st.just("REBALANCE"), st.just(NOW), st.none(), st.none()),
    max_size=3,
    unique_by=lambda action: action.iscid,
).map(lambda actions: tuple(sorted(actions)))


def through_the_table(found: Connection) -> Connection:
    return from_item(decode(encode(to_item(found))))


@given(
    MOMENTS,
    MOMENTS,
    ACTIONS,
    st.sampled_from([None, stored_snapshot()]),
    st.sampled_from([None, Doubt("hash", NOW, LATER)]),
    st.booleans(),
)
def test_any_connection_is_read_as_it_was_written(
    at: datetime | None,
    shown: datetime | None,
    actions: tuple[PendingAction, ...],
    snapshot: object,
    doubt: object,
    funds: bool,
) -> None:
    found = connection(
        snapshot=snapshot,
        doubt=doubt,
        mutual_funds=funds,
        pending_actions=actions,
        session=BrokerSession(SessionState.NEEDS_LOGIN, at, "GATEWAY_FORBIDDEN"),
        last_success_at=at,
        last_attempt_at=shown,
        last_failure="UPDATING",
        stale_since=at,
        lease_until=shown,
        requested_at=at,
        traded_at=shown,
        shown_as_of=shown,
    )

    read = through_the_table(found)

    assert sorted(read.pending_actions) == sorted(found.pending_actions)
    assert replace(read, pending_actions=()) == replace(found, pending_actions=())


def test_the_key_of_an_item_names_its_account() -> None:
    assert account_id_of(to_item(connection())) == "account-1"


def test_an_account_of_a_long_lived_broker_waits_in_its_refresh_slot() -> None:
    assert to_item(connection(broker="kite"))["workKey"].startswith("REFRESH#")


def test_another_account_is_watched_until_it_is_flagged_stale() -> None:
    assert to_item(connection(broker="groww"))["workKey"].startswith("WATCH#")
    assert "workKey" not in to_item(connection(broker="groww", stale_since=NOW))
    assert "workKey" not in to_item(connection(broker="groww", snapshot=None))
