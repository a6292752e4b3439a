"""What a pull of holdings changes of a connection: a newer snapshot, a lapse, or a recorded failure."""

from copy import replace

import pytest

from gateway_backend.domain.connections.connection import SAME_FAILURE_INTERVAL, Connection
from gateway_backend.domain.connections.session import NOT_MOVING, BrokerSession, SessionState
from gateway_backend.domain.holdings.snapshot import UPDATING
from gateway_backend.domain.shared.errors import NotFound, SnapshotConflict
from testing.builders import NOW, connection, snapshot, stored_snapshot
from testing.moments import MINUTE, SECOND

LATER = NOW + MINUTE
NEWER = snapshot(NOW + SECOND, securities=2)
IMPORTED = connection()
LAPSED = BrokerSession(SessionState.NEEDS_LOGIN, NOW, NOT_MOVING)


def replaced(stored: Connection, *, lapsed: bool = False) -> Connection:
    """With NEWER, which was judged beside it."""
    return stored.replace_snapshot(NEWER, LATER, judged_beside=stored, lapsed=lapsed)


# A proven snapshot ------------------------------------------------------------------------------


def test_a_newer_snapshot_replaces_the_stored_snapshot() -> None:
    stored = replaced(IMPORTED).snapshot

    assert stored is not None
    assert (stored.as_of, stored.content_hash, stored.size) == (NEWER.as_of, NEWER.content_hash, 2)


def test_a_newer_snapshot_ends_failures_leases_flags_and_lapses() -> None:
    troubled = replace(IMPORTED, session=LAPSED, last_failure="GATEWAY_TIMEOUT", lease_until=LATER, stale_since=NOW)

    after = replaced(troubled)
    assert after.session == BrokerSession(SessionState.ACTIVE, LATER)
    assert (after.last_failure, after.lease_until, after.stale_since) == (None, None, None)
    assert after.last_success_at == after.last_attempt_at == LATER


def test_a_newer_snapshot_that_is_old_itself_lets_the_session_lapse() -> None:
    after = replaced(IMPORTED, lapsed=True)

    assert after.session == BrokerSession(SessionState.NEEDS_LOGIN, LATER, NOT_MOVING)
    assert after.stale_since == LATER
    assert after.as_of == NEWER.as_of


def test_an_older_snapshot_changes_nothing() -> None:
    stored = connection(snapshot=stored_snapshot(NOW + MINUTE))

    assert replaced(stored) is stored


@pytest.mark.parametrize(("size", "replaces"), [(1, True), (2, False), (3, False)])
def test_of_two_snapshots_of_the_same_date_the_larger_stays(size: int, replaces: bool) -> None:
    stored = connection(snapshot=stored_snapshot(NEWER.as_of, size=size))

    assert (replaced(stored).content_hash == NEWER.content_hash) is replaces


def test_an_unchanged_portfolio_moves_the_dates_and_keeps_the_stored_id() -> None:
    stored = connection(snapshot=stored_snapshot(NOW, content_hash=NEWER.content_hash))

    after = replaced(stored).snapshot
    assert after is not None
    assert (after.id, after.as_of, after.snapshot_date) == ("snapshot-1", NEWER.as_of, NEWER.snapshot_date)


def test_the_id_of_a_snapshot_begins_with_its_date() -> None:
    after = replaced(IMPORTED).snapshot

    assert after is not None
    assert after.id.startswith("2026-11-20T10:00:01.000000Z#")


def test_the_same_portfolio_under_another_link_has_another_id() -> None:
    ids = {replaced(connection(linked_at=at)).snapshot for at in (NOW, LATER)}

    assert len(ids) == 2


def test_a_snapshot_of_an_account_unlinked_since_is_refused() -> None:
    with pytest.raises(NotFound):
        connection(owner="user-2").replace_snapshot(NEWER, LATER, judged_beside=IMPORTED, lapsed=False)


def test_a_snapshot_judged_beside_another_portfolio_must_be_judged_again() -> None:
    stored_since = connection(snapshot=stored_snapshot(NOW, content_hash="another"))

    with pytest.raises(SnapshotConflict):
        stored_since.replace_snapshot(NEWER, LATER, judged_beside=IMPORTED, lapsed=False)


def test_a_snapshot_that_another_worker_has_stored_already_is_no_conflict() -> None:
    stored_since = connection(snapshot=stored_snapshot(NEWER.as_of, content_hash=NEWER.content_hash))

    assert stored_since.replace_snapshot(NEWER, LATER, judged_beside=IMPORTED, lapsed=False) is stored_since


# Nothing newer ----------------------------------------------------------------------------------


def test_a_confirmation_ends_failure_and_lease() -> None:
    troubled = replace(IMPORTED, last_failure="GATEWAY_TIMEOUT", lease_until=LATER)

    after = troubled.confirm_snapshot(LATER, pulled_for=troubled, lapsed=False)
    assert after == replace(IMPORTED, last_attempt_at=LATER)


def test_a_confirmation_that_proves_a_lapse_records_it() -> None:
    after = IMPORTED.confirm_snapshot(LATER, pulled_for=IMPORTED, lapsed=True)

    assert after.session == BrokerSession(SessionState.NEEDS_LOGIN, LATER, NOT_MOVING)
    assert after.stale_since == LATER


def test_a_second_proof_of_a_lapse_changes_nothing() -> None:
    lapsed = replace(IMPORTED, session=LAPSED)

    assert lapsed.confirm_snapshot(LATER, pulled_for=lapsed, lapsed=True) is lapsed


@pytest.mark.parametrize("since", [{"snapshot": stored_snapshot(LATER)}, {"linked_at": LATER}], ids=str)
def test_a_confirmation_of_an_earlier_snapshot_or_link_changes_nothing(since: dict[str, object]) -> None:
    stored = connection(**since)

    assert stored.confirm_snapshot(LATER, pulled_for=IMPORTED, lapsed=True) is stored


# A failure --------------------------------------------------------------------------------------


def test_a_failure_is_recorded_and_keeps_the_snapshot() -> None:
    leased = replace(IMPORTED, lease_until=LATER)

    after = leased.record_failure("GATEWAY_TIMEOUT", LATER, pulled_for=leased)
    assert after == replace(IMPORTED, last_failure="GATEWAY_TIMEOUT", last_attempt_at=LATER)


def test_a_failure_that_ends_the_session_needs_a_login() -> None:
    after = IMPORTED.record_failure("GATEWAY_FORBIDDEN", LATER, pulled_for=IMPORTED, ends_session=True)

    assert after.session == BrokerSession(SessionState.NEEDS_LOGIN, LATER, "GATEWAY_FORBIDDEN")


def test_a_lasting_failure_is_not_recorded_at_every_attempt() -> None:
    failed = IMPORTED.record_failure("GATEWAY_TIMEOUT", NOW, pulled_for=IMPORTED)

    soon = NOW + SAME_FAILURE_INTERVAL - SECOND
    assert failed.record_failure("GATEWAY_TIMEOUT", soon, pulled_for=failed) is failed


def test_a_lasting_failure_is_recorded_again_after_a_while() -> None:
    failed = IMPORTED.record_failure("GATEWAY_TIMEOUT", NOW, pulled_for=IMPORTED)

    later = NOW + SAME_FAILURE_INTERVAL
    assert failed.record_failure("GATEWAY_TIMEOUT", later, pulled_for=failed).last_attempt_at == later


def test_an_answer_of_updating_is_recorded_at_every_attempt() -> None:
    failed = IMPORTED.record_failure(UPDATING, NOW, pulled_for=IMPORTED)

    assert failed.record_failure(UPDATING, NOW + SECOND, pulled_for=failed).last_attempt_at == NOW + SECOND


def test_a_failure_of_a_pull_for_an_earlier_snapshot_changes_nothing() -> None:
    stored = connection(snapshot=stored_snapshot(LATER))

    assert stored.record_failure("GATEWAY_FORBIDDEN", LATER, pulled_for=IMPORTED, ends_session=True) is stored
