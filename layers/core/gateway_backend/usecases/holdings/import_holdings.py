"""Pull an account's holdings from Gateway and make them its newest snapshot, if they prove complete."""

import json
from copy import replace
from datetime import UTC, datetime
from typing import NamedTuple

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import StoredSnapshot
from gateway_backend.domain.connections.session import has_lapsed
from gateway_backend.domain.holdings.known_prices import keep_prices, lacks_prices
from gateway_backend.domain.holdings.snapshot import (
    PROVEN,
    Complete,
    Incomplete,
    ProvenEmpty,
    PullOutcome,
    Snapshot,
    hides_holdings,
    judge,
    needs_confirmation,
)
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import (
    ConcurrentUpdate,
    DomainError,
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayRefused,
    NotFound,
    SnapshotConflict,
    StoreUnavailable,
)
from gateway_backend.usecases.contexts import PullContext

POLL_SECONDS = 2.0
"""Between two looks at a snapshot that is being updated."""

_TRIES = 5
_NEVER = datetime.min.replace(tzinfo=UTC)


class PullMode(NamedTuple):
    """What an answer means depends on why the holdings are pulled.

    `polls`: how often an answer that is still `updating` is looked at. `detects_lapse`: an answer that is too old
    proves the session over. `ends_session`: that, or a 403, ends it at once; otherwise the caller decides.
    """

    polls: int
    detects_lapse: bool
    ends_session: bool


AFTER_LOGIN = PullMode(polls=1, detects_lapse=False, ends_session=True)
ON_REQUEST = PullMode(polls=3, detects_lapse=True, ends_session=True)
ON_SCHEDULE = PullMode(polls=3, detects_lapse=True, ends_session=False)


def import_holdings(connection: Connection, mode: PullMode, context: PullContext) -> PullOutcome:
    """An answer that is incomplete, or much smaller and not confirmed, leaves the last good snapshot (promise 1).

    Never `Failed`: what the pull raises is raised, with the attempt recorded on the connection; GatewayKeysRefused in
    place of GatewayForbidden when it is our keys that are refused; NotFound when the account was unlinked meanwhile.
    """
    try:
        outcome = _pull(connection, mode.polls, context)
    except DomainError as error:
        cause = diagnose_forbidden(error, connection, context)
        # 403 for this account alone: the user has revoked consent, or the session is over (contract 12, question 20).
        ends_session = mode.ends_session and isinstance(cause, GatewayForbidden)
        _record_failure(connection, cause.code, context, ends_session=ends_session)
        raise cause from None
    if isinstance(outcome, PROVEN):
        newest = max(connection.as_of, outcome.snapshot.as_of) if connection.as_of else outcome.snapshot.as_of
        lapsed = mode.detects_lapse and has_lapsed(newest, context.now, context.calendar())
        try:
            record_snapshot(connection, outcome.snapshot, context, lapsed=lapsed, ends_session=mode.ends_session)
        except SnapshotConflict:
            return Incomplete("OVERTAKEN")
    elif isinstance(outcome, Incomplete):
        _record_failure(connection, outcome.reason, context, ends_session=False, doubted=outcome.doubted)
    return outcome


def diagnose_forbidden(error: DomainError, connection: Connection, context: PullContext) -> DomainError:
    """Whether Gateway forbids the account or refuses our keys: its answer about a transaction of ours tells.

    Without this question a wrong API secret would flag every user of the app.
    """
    if not isinstance(error, GatewayForbidden):
        return error
    try:
        context.gateway.transaction(connection.transaction_id, context.now)
    except GatewayForbidden:
        return GatewayKeysRefused()
    except GatewayRefused:
        return error  # a transaction that it has forgotten: the keys are right
    except DomainError as unavailable:
        return unavailable
    return error


def _pull(connection: Connection, polls: int, context: PullContext) -> PullOutcome:
    def fetch() -> Complete | Incomplete:
        data = context.gateway.holdings(connection.id, context.now, mutual_funds=connection.mutual_funds)
        had_funds = connection.snapshot is not None and connection.snapshot.funds > 0
        return judge(data, connection.id, context.now, funds_expected=had_funds, judged_before=connection.content_hash)

    first = fetch()
    for _ in range(polls - 1):
        if not (isinstance(first, Incomplete) and first.is_updating):
            break
        context.wait(POLL_SECONDS)
        first = fetch()
    if isinstance(first, Incomplete):
        return first
    snapshot, current = first.snapshot, connection.snapshot
    if current and snapshot.content_hash == current.content_hash:
        return first if current.size else ProvenEmpty(snapshot)
    is_empty = snapshot.portfolio.size == 0
    if is_empty and snapshot.as_of <= max(filter(None, (connection.as_of, connection.shown_as_of)), default=_NEVER):
        return Incomplete("EMPTY_NOT_NEWER")
    last = context.snapshots.newest(connection)
    if last and snapshot.portfolio.unreadable and hides_holdings(snapshot, exact_json.loads(last.text)):
        return Incomplete("ROWS_UNREADABLE")
    # Only what is held is compared, no number: floats will do.
    is_doubtful = needs_confirmation(snapshot, json.loads(last.text) if last else None, context.confirm_share)
    if is_doubtful and not connection.confirms_doubt(snapshot, context.now):
        return Incomplete("SHRINKING_NOT_CONFIRMED", snapshot)
    if last and lacks_prices(snapshot.portfolio):
        snapshot = replace(snapshot, known_prices=keep_prices(last.parse(), snapshot.portfolio))
    return ProvenEmpty(snapshot) if is_empty else Complete(snapshot)


def record_snapshot(
    pulled_for: Connection, snapshot: Snapshot, context: PullContext, *, lapsed: bool, ends_session: bool
) -> None:
    """Make it the newest snapshot, or record that there is nothing newer.

    The portfolio is stored first and the connection then points at it. Raises: NotFound, SnapshotConflict.
    """
    connection, written = pulled_for, None
    for _ in range(_TRIES):
        try:
            updated = connection.replace_snapshot(
                snapshot, context.now, judged_beside=pulled_for, lapsed=lapsed, ends_session=ends_session
            )
        except (NotFound, SnapshotConflict):
            _take_back(connection, written, context)
            raise
        if updated == connection:
            context.connections.update(
                connection,
                lambda stored: stored.confirm_snapshot(
                    context.now, pulled_for=pulled_for, lapsed=lapsed and ends_session
                ),
            )
            return
        if updated.snapshot and (connection.snapshot is None or updated.snapshot.id != connection.snapshot.id):
            context.snapshots.save(updated, snapshot, context.now)
            written = updated.snapshot
        try:
            context.connections.save(connection, updated)
        except ConcurrentUpdate:
            stored = context.connections.find(connection.id)
        else:
            return
        if stored is None:
            _take_back(connection, written, context)
            raise NotFound("The connection was unlinked meanwhile")
        connection = stored
    raise StoreUnavailable("The account is being changed by several requests at once: try again")


def _take_back(connection: Connection, written: StoredSnapshot | None, context: PullContext) -> None:
    if written:
        context.snapshots.delete(connection.id, written)


def _record_failure(
    pulled_for: Connection,
    reason: str,
    context: PullContext,
    *,
    ends_session: bool,
    doubted: Snapshot | None = None,
) -> None:
    def record(stored: Connection) -> Connection:
        return stored.record_failure(
            reason, context.now, pulled_for=pulled_for, ends_session=ends_session, doubted=doubted
        )

    context.connections.update(pulled_for, record)
