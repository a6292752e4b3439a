"""A 403 ends an account's session, unless so many accounts of a page get one at once that Gateway is to blame."""

from collections.abc import Sequence

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.refresh.result import Result, is_mass_of_refusals
from gateway_backend.domain.refresh.schedule import is_due
from gateway_backend.domain.shared.errors import GatewayForbidden
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.threads import map_concurrently
from gateway_backend.usecases.contexts import RefreshContext


def apply_forbidden_quorum(page: RefreshPage, results: Sequence[Result], context: RefreshContext) -> list[Result]:
    """The results of the page, with each refusal that is believed turned into a lapse of its connection."""
    if is_mass_of_refusals(results, page.attempt):
        logger.warning("many accounts forbidden at once", accounts=results.count(Result.FORBIDDEN))
        return list(results)
    by_account = zip(page.account_ids, results, strict=True)
    forbidden = [account_id for account_id, result in by_account if result is Result.FORBIDDEN]
    lapsed = iter(map_concurrently(lambda account_id: _lapse(account_id, context), forbidden, threads=1))
    return [(next(lapsed) or Result.UNEXPECTED_ERROR) if result is Result.FORBIDDEN else result for result in results]


def _lapse(account_id: str, context: RefreshContext) -> Result:
    connection, now = context.connections.find(account_id), context.clock()
    if connection is None:
        return Result.UNKNOWN_ACCOUNT
    if not is_due(connection, now, context.calendar):  # a login has overtaken the answer
        return Result.NOT_DUE

    def lapse(stored: Connection) -> Connection:
        return stored.record_failure(GatewayForbidden.code, now, pulled_for=connection, ends_session=True)

    if lapsed := context.connections.update(connection, lapse):
        context.connections.update(lapsed, lambda stored: stored.flag_if_stale(now, context.calendar))
    return Result.LAPSED
