"""Refresh a page of accounts, a few at a time, and queue again those that Gateway could not answer for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

from gateway_backend.contracts.refresh.page_message import encode_page
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.snapshot import Failed, PullOutcome
from gateway_backend.domain.refresh.circuit import CircuitState
from gateway_backend.domain.refresh.page import PageWork, RefreshPage
from gateway_backend.domain.refresh.result import LATE, TRIED_AGAIN, Result, result_of
from gateway_backend.domain.refresh.schedule import is_due
from gateway_backend.domain.shared.errors import (
    ConcurrentUpdate,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnconfigured,
    NotFound,
    NotYet,
    StoreUnavailable,
)
from gateway_backend.runtime.observability import count, logger
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.usecases.contexts import RefreshContext
from gateway_backend.usecases.holdings.import_holdings import ON_SCHEDULE, import_holdings
from gateway_backend.usecases.refresh.circuit_breaker import CircuitBreaker
from gateway_backend.usecases.refresh.lapse_quorum import apply_lapse_quorum

SECONDS = 120.0
"""No account is begun later than this into a page; the function's timeout leaves room for those under way."""


def refresh_page(page: RefreshPage, context: RefreshContext) -> Counter[str]:
    """Every account of the page is refreshed, or queued again, or needs nothing; how many of each.

    Processing a page twice is safe: a second worker finds the accounts fresh. The lease saves Gateway the second
    call. Raises: NotYet while another worker has the page; StoreUnavailable.
    """
    if page.close < context.calendar.last_close(context.clock()):
        return _counted(Counter(pageSuperseded=1))
    work = context.pages.work_on(page)
    if work.is_done:
        return _counted(Counter(pageRepeated=1))
    leased = _lease(page, work, context)
    with ExitStack() as undo:
        undo.callback(_save, page, leased, leased.release(), context)
        results = apply_lapse_quorum(page, list(_results(page, context)), context)
        by_account = zip(page.account_ids, results, strict=True)
        _queue_again(page, [account_id for account_id, result in by_account if result in TRIED_AGAIN], context)
        undo.pop_all()
    _save(page, leased, leased.finish(), context)
    return _counted(Counter(results) + _overdue(page, sum(result in LATE for result in results), context))


def _lease(page: RefreshPage, work: PageWork, context: RefreshContext) -> PageWork:
    leased = work.lease(context.clock())
    try:
        context.pages.save(page, work, leased, context.clock())
    except ConcurrentUpdate:
        raise NotYet("Another worker has this page") from None
    return leased


def _save(page: RefreshPage, leased: PageWork, after: PageWork, context: RefreshContext) -> None:
    # When the lease has ended, the page may be another worker's by now: then it is that one's to finish.
    with suppress(ConcurrentUpdate):
        context.pages.save(page, leased, after, context.clock())


def _results(page: RefreshPage, context: RefreshContext) -> Iterator[Result]:
    """In the order of the accounts; while the circuit is open they are skipped."""
    circuit, now = context.circuits.find(), context.clock()
    is_open = circuit.state(now) is CircuitState.OPEN
    if is_open:
        count("CircuitOpen")
    if is_open or page.close > now:  # a planner's clock ran ahead: the page waits for its close
        yield from (Result.SKIPPED for _ in page.account_ids)
        return
    breaker, waiting, deadline = CircuitBreaker(circuit, context), list(page.account_ids), Deadline(SECONDS)

    def refresh(account_id: str) -> Result:
        is_over = breaker.has_stopped or deadline.has_passed
        return Result.SKIPPED if is_over else _refresh(account_id, breaker, context)

    while waiting and breaker.is_probing:
        yield from _or_unexpected_error(map_concurrently(refresh, [waiting.pop(0)], threads=1))
    yield from _or_unexpected_error(map_concurrently(refresh, waiting, threads=context.threads))


def _or_unexpected_error(results: Sequence[Result | None]) -> Iterator[Result]:
    return (result or Result.UNEXPECTED_ERROR for result in results)


def _refresh(account_id: str, breaker: CircuitBreaker, context: RefreshContext) -> Result:
    now = context.clock()
    try:
        connection = context.connections.find(account_id, consistent=False)
        if connection is None or not connection.is_refreshable:
            return Result.UNKNOWN_ACCOUNT
        if not is_due(connection, now, context.calendar):
            return Result.NOT_DUE
        if connection.is_leased(now) or not breaker.allows():
            return Result.SKIPPED
        outcome = _pull(connection, context)
        breaker.record(account_id, outcome)
        result = result_of(connection, outcome, context.clock(), context.calendar)
        if result is Result.AWAITS_LOGIN:
            context.connections.update(connection, lambda stored: stored.flag_if_stale(now, context.calendar))
        return result
    except NotFound:  # unlinked while it was under way
        return Result.UNKNOWN_ACCOUNT
    except (StoreUnavailable, GatewayUnconfigured):
        return Result.STORE_FAILED


def _pull(connection: Connection, context: RefreshContext) -> PullOutcome:
    """An error of Gateway's is `Failed`, and flags no connection."""
    try:
        return import_holdings(connection, ON_SCHEDULE, context.pull())
    except (GatewayRefused, GatewayUnavailable) as error:
        return Failed(error.code)


def _queue_again(page: RefreshPage, account_ids: Sequence[str], context: RefreshContext) -> None:
    if not account_ids:
        return
    later = page.next_attempt(tuple(account_ids))
    if not context.queue.send_all([encode_page(later)], delay=page.retry_delay(context.jitter(101))):
        raise StoreUnavailable("The accounts that failed could not be queued again")


def _overdue(page: RefreshPage, late: int, context: RefreshContext) -> Counter[str]:
    is_overdue = context.times.is_overdue(page.close, context.clock())
    return Counter(refreshOverdue=late) if late and is_overdue else Counter()


def _counted(results: Counter[str]) -> Counter[str]:
    numbers = {str(name): number for name, number in results.items()}
    logger.info("page", extra=numbers)
    for name, number in numbers.items():
        count(name[0].upper() + name[1:], number)
    return Counter(numbers)
