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

FEW_FORBIDDEN, MANY_FORBIDDEN = 2, Decimal("0.2")
"""So many accounts of a page, or so large a share of the pulled ones, may have lost their sessions at once."""

ATTEMPTS_TO_BELIEVE = 11
"""So many attempts of a page, over two hours, until a mass of refusals is believed."""

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
    FORBIDDEN = "refreshForbidden"
    AWAITS_LOGIN = "refreshAwaitsLogin"
    INCOMPLETE = "refreshIncomplete"
    FAILED = "refreshFailed"
    STORE_FAILED = "refreshStoreFailed"
    SKIPPED = "refreshSkipped"
    UNEXPECTED_ERROR = "refreshUnexpectedError"
    NOT_DUE = "refreshNotDue"
    UNKNOWN_ACCOUNT = "refreshUnknownAccount"


LATE = {
    *(Result.INCOMPLETE, Result.FAILED, Result.FORBIDDEN, Result.STORE_FAILED, Result.SKIPPED),
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
    return Result.LAPSED if as_of and has_lapsed(as_of, now, calendar) else Result.NO_NEW_SNAPSHOT


def is_mass_of_refusals(results: Sequence[Result], attempt: int) -> bool:
    """Whether so many accounts of a page got a 403 at once that Gateway, or what is before it, is to blame.

    Sessions do not end together. After two hours of it, it is believed.
    """
    forbidden, pulled = results.count(Result.FORBIDDEN), sum(result not in _NOT_PULLED for result in results)
    is_mass = forbidden > FEW_FORBIDDEN and forbidden > MANY_FORBIDDEN * pulled
    return is_mass and attempt < ATTEMPTS_TO_BELIEVE
