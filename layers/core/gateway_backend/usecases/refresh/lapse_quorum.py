"""A 403 or an unmoved snapshot ends a session, unless so many of a page get one at once that Gateway is to blame."""

from collections.abc import Sequence

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.refresh.result import FLAGS, Result, is_mass_of_lapses
from gateway_backend.domain.refresh.schedule import is_due
from gateway_backend.domain.shared.errors import GatewayForbidden
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.threads import map_concurrently
from gateway_backend.usecases.contexts import RefreshContext


def apply_lapse_quorum(page: RefreshPage, results: Sequence[Result], context: RefreshContext) -> list[Result]:
    """The results of the page, with each lapse that is believed recorded on its connection."""
    if is_mass_of_lapses(results, page.attempt):
        logger.warning("many sessions over at once", accounts=sum(result in FLAGS for result in results))
        return list(results)
    by_account = zip(page.account_ids, results, strict=True)
    flagged = [(account_id, result) for account_id, result in by_account if result in FLAGS]
    lapsed = iter(map_concurrently(lambda flag: _lapse(*flag, context), flagged, threads=1))
    return [(next(lapsed) or Result.UNEXPECTED_ERROR) if result in FLAGS else result for result in results]


def _lapse(account_id: str, flag: Result, context: RefreshContext) -> Result:
    connection, now = context.connections.find(account_id), context.clock()
    if connection is None:
        return Result.UNKNOWN_ACCOUNT
    if not is_due(connection, now, context.calendar):  # a login has overtaken the answer
        return Result.NOT_DUE

    def lapse(stored: Connection) -> Connection:
        if (stored.as_of, stored.linked_at) != (connection.as_of, connection.linked_at):
            return stored
        if flag is Result.UNMOVED:
            return stored.lapse_unmoved(now)
        return stored.record_failure(GatewayForbidden.code, now, pulled_for=connection, ends_session=True)

    if lapsed := context.connections.update(connection, lapse):
        context.connections.update(lapsed, lambda stored: stored.flag_if_stale(now, context.calendar))
    return Result.LAPSED
