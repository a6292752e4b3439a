"""What became of the refresh of one account, and which of a page's accounts must be tried again."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.session import has_lapsed
from gateway_backend.domain.holdings.snapshot import PROVEN, Failed, Incomplete, PullOutcome
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared.errors import (
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayTimeout,
    GatewayUnavailable,
)

FEW_LAPSES, MANY_LAPSES = 2, Decimal("0.2")
"""So many accounts of a page, or so large a share of the pulled ones, may have lost their sessions at once."""

ATTEMPTS_TO_BELIEVE = 11
"""So many attempts of a page, over two hours, until a mass of lapses is believed."""

_GATEWAY_IS_DOWN = {error.code for error in (GatewayUnavailable, GatewayTimeout, GatewayKeysRefused)}


class Refresh(StrEnum):
    """What became of a refresh that a user requested."""

    REFRESHED = "REFRESHED"
    UNCHANGED = "UNCHANGED"  # Gateway has nothing newer
    UPDATING = "UPDATING"  # the broker is updating the holdings
    LOGIN_NEEDED = "LOGIN_NEEDED"


class Result(StrEnum):
    """What became of one account of a page. The words are the counters' names."""

    REFRESHED = "refreshed"
    NO_NEW_SNAPSHOT = "refreshNoNewSnapshot"
    LAPSED = "sessionLapsed"
    UNMOVED = "refreshUnmoved"
    FORBIDDEN = "refreshForbidden"
    AWAITS_LOGIN = "refreshAwaitsLogin"
    INCOMPLETE = "refreshIncomplete"
    FAILED = "refreshFailed"
    STORE_FAILED = "refreshStoreFailed"
    SKIPPED = "refreshSkipped"
    UNEXPECTED_ERROR = "refreshUnexpectedError"
    NOT_DUE = "refreshNotDue"
    UNKNOWN_ACCOUNT = "refreshUnknownAccount"


FLAGS = (Result.FORBIDDEN, Result.UNMOVED)
"""Answers that prove a session over, unless too many accounts of a page get one at once."""

LATE = {
    *(Result.INCOMPLETE, Result.FAILED, *FLAGS, Result.STORE_FAILED, Result.SKIPPED),
    Result.UNEXPECTED_ERROR,
}
TRIED_AGAIN = LATE | {Result.NO_NEW_SNAPSHOT}
_NOT_PULLED = {
    *(Result.SKIPPED, Result.NOT_DUE, Result.UNKNOWN_ACCOUNT, Result.STORE_FAILED),
    Result.UNEXPECTED_ERROR,
}


def shows_outage(outcome: PullOutcome) -> bool:
    """Whether it is Gateway that is down, rather than the account."""
    return isinstance(outcome, Failed) and outcome.reason in _GATEWAY_IS_DOWN


def result_of(connection: Connection, outcome: PullOutcome, now: datetime, calendar: MarketCalendar) -> Result:
    """What the pull's outcome means for the connection, which is given as it was before the pull."""
    as_of, is_active = connection.as_of, connection.session.is_active
    if isinstance(outcome, PROVEN) and (as_of is None or outcome.snapshot.as_of > as_of):
        as_of = outcome.snapshot.as_of
        if calendar.sessions_closed_between(as_of, now) == 0:
            return Result.REFRESHED
        is_active = is_active or not has_lapsed(as_of, now, calendar)  # a newer snapshot has renewed it
    if shows_outage(outcome):
        return Result.FAILED
    if not is_active:
        # Tried in each round, for the session may have come back; never again in between.
        return Result.AWAITS_LOGIN
    if isinstance(outcome, Failed):
        return Result.FORBIDDEN if outcome.reason == GatewayForbidden.code else Result.FAILED
    if isinstance(outcome, Incomplete):
        return Result.INCOMPLETE
    # A snapshot taken during the session that has closed since proves nothing: Gateway may only be slow.
    return Result.UNMOVED if as_of and has_lapsed(as_of, now, calendar) else Result.NO_NEW_SNAPSHOT


def is_mass_of_lapses(results: Sequence[Result], attempt: int) -> bool:
    """Whether so many accounts of a page got a 403, or a snapshot that does not move, that Gateway is to blame.

    Sessions do not end together. After two hours of it, it is believed.
    """
    lapses = sum(result in FLAGS for result in results)
    pulled = sum(result not in _NOT_PULLED for result in results)
    is_mass = lapses > FEW_LAPSES and lapses > MANY_LAPSES * pulled
    return is_mass and attempt < ATTEMPTS_TO_BELIEVE
