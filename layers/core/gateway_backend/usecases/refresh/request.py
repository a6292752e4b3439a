"""Refresh an account for its user: fetch newer holdings where the session lives long, else prepare the login."""

from datetime import datetime, timedelta
from typing import NamedTuple

from gateway_backend.contracts.transactions.request import AssetConfig, HoldingsImportRequest
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import Verdict
from gateway_backend.domain.holdings.snapshot import Incomplete
from gateway_backend.domain.refresh.result import Refresh
from gateway_backend.domain.shared.errors import (
    GatewayAnswerNotWhole,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.usecases.contexts import RefreshRequestContext
from gateway_backend.usecases.holdings.import_holdings import ON_REQUEST, import_holdings
from gateway_backend.usecases.transactions.start import Started, start_transaction

LEASE = timedelta(seconds=30)
"""As long as the request may last."""


class RequestedRefresh(NamedTuple):
    """`connection` as it is now. `started`: the import that a login completes, where one is needed."""

    refresh: Refresh
    connection: Connection
    verdict: Verdict
    next_due: datetime | None
    started: Started | None
    replayed: bool = False


def request_refresh(
    account_id: str, *, user: str, idempotency_key: str, attempt: str, context: RefreshRequestContext
) -> RequestedRefresh:
    """A repeat with the same key refreshes nothing again: it gets what the first one answered.

    A session that is over is not pulled again: the repeat finds the import that is ready.

    Raises: NotFound, RefreshTooSoon; GatewayUnavailable and GatewayAnswerNotWhole, and the last good holdings are still
    there; what starting a transaction raises.
    """
    now, connections, calendar = context.pull.now, context.pull.connections, context.pull.calendar()
    connection = connections.owned(account_id, user)
    refresh, started = Refresh.LOGIN_NEEDED, None
    answered = connection.answered_refresh(idempotency_key)
    if answered:
        refresh = Refresh(answered)
    elif connection.is_refreshable and connection.snapshot is not None and connection.session.is_active:
        leased = connections.update(
            connection,
            lambda stored: stored.begin_refresh(now, key=idempotency_key, floor=context.floor, lasting=LEASE),
        )
        if leased is None or leased.owner != user:
            raise NotFound("No such connection")
        refresh = _refresh(leased, user, context)
        connection = connections.owned(account_id, user)
        connection = (
            connections.update(connection, lambda stored: stored.end_refresh(idempotency_key, refresh)) or connection
        )
    if refresh is Refresh.LOGIN_NEEDED:
        started = start_transaction(
            _import_of(connection),
            user=user,
            idempotency_key=idempotency_key,
            attempt=attempt,
            context=context.start,
        )
    return RequestedRefresh(
        refresh,
        connection,
        connection.verdict(now, calendar),
        context.times.next_due(connection, now, calendar),
        started,
        replayed=started.replayed if started else answered is not None,
    )


def _refresh(leased: Connection, user: str, context: RefreshRequestContext) -> Refresh:
    try:
        outcome = import_holdings(leased, ON_REQUEST, context.pull)
    except GatewayForbidden:
        outcome = None  # recorded on the connection: a login is needed
    except (GatewayUnavailable, GatewayRefused):
        raise GatewayUnavailable("smallcase Gateway could not be asked: try again in a few minutes") from None
    if isinstance(outcome, Incomplete):
        if outcome.is_updating:
            return Refresh.UPDATING
        raise GatewayAnswerNotWhole("The last good holdings are still served: try again in a few minutes")
    refreshed = context.pull.connections.owned(leased.id, user)
    if not refreshed.session.is_active:
        return Refresh.LOGIN_NEEDED
    return Refresh.UNCHANGED if refreshed.as_of == leased.as_of else Refresh.REFRESHED


def _import_of(connection: Connection) -> HoldingsImportRequest:
    return HoldingsImportRequest(
        intent="HOLDINGS_IMPORT",
        smallcaseAuthId=connection.id,
        assetConfig=AssetConfig(mfHoldings=connection.mutual_funds),
    )
