"""Refresh a page of accounts, a few at a time, and queue again those that Gateway could not answer for."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from threading import Lock

from gateway_backend.contracts.refresh_message import encode_page
from gateway_backend.domain.accounts import Account, has_lapsed
from gateway_backend.domain.errors import (
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayTimeout,
    GatewayUnavailable,
    GatewayUnconfigured,
    NotFound,
    NotYet,
    StoreUnavailable,
)
from gateway_backend.domain.freshness import SessionState
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.domain.refreshes import OVERDUE_AFTER, RefreshPage, RefreshTimes, is_due, is_refreshable
from gateway_backend.domain.snapshots import PROVEN, Failed, Incomplete, Outcome
from gateway_backend.gateway.client import Gateway
from gateway_backend.runtime.observability import count, logger
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.circuit import Circuit, Circuits
from gateway_backend.store.refreshes import Refreshes
from gateway_backend.usecases.flag_stale_sessions import flag_if_stale
from gateway_backend.usecases.refresh_account import refresh_account

THREADS = 10
SECONDS = 120.0
"""No account is begun later than this into a page; the function's timeout leaves room for those under way."""

LEASE = timedelta(minutes=3)
"""Longer than the function may run: whoever finds a page leased after that knows that its worker is gone."""

STREAK_LASTS = timedelta(minutes=5)
FAILURES_THAT_OPEN = 10
"""In a row: at one call in twenty failing by itself, that does not happen by chance."""

FEW_FORBIDDEN, MANY_FORBIDDEN = 2, Decimal("0.2")
"""Up to so many accounts of a page, or so large a share of those asked about, may have lost their sessions at once."""

ATTEMPTS_TO_BELIEVE = 11

DOWN = {error.code for error in (GatewayUnavailable, GatewayTimeout, GatewayKeysRefused)}


class Result(StrEnum):
    """What became of one account; the words are the counters' names."""

    REFRESHED = "refreshed"
    UNMOVED = "refreshUnmoved"
    LAPSED = "sessionLapsed"
    FORBIDDEN = "refreshForbidden"
    WAITING = "refreshWaitsForUser"
    INCOMPLETE = "refreshIncomplete"
    FAILED = "refreshFailed"
    STORE_FAILED = "refreshStoreFailed"
    LEFT = "refreshLeft"
    BROKEN = "refreshBroken"
    FRESH = "refreshNotDue"
    UNKNOWN = "refreshUnknownAccount"


LATE = {Result.INCOMPLETE, Result.FAILED, Result.FORBIDDEN, Result.STORE_FAILED, Result.LEFT, Result.BROKEN}
AGAIN = LATE | {Result.UNMOVED}
NOT_ASKED = {Result.LEFT, Result.FRESH, Result.UNKNOWN, Result.STORE_FAILED, Result.BROKEN}


@dataclass(slots=True)
class Streak:
    """Accounts that failed in a row, over all pages of one worker: a page of retries is too short to show an outage.

    One account that fails again and again is one; what is long ago is forgotten.
    """

    accounts: set[str] = field(default_factory=set)
    last: datetime | None = None

    def grow(self, account_id: str, now: datetime) -> int:
        if self.last and now - self.last > STREAK_LASTS:
            self.accounts.clear()
        self.accounts.add(account_id)
        self.last = now
        return len(self.accounts)


@dataclass(frozen=True, slots=True)
class RefreshContext:
    """What a worker works with. `gateway` makes a client for one account's calls."""

    clock: Callable[[], datetime]
    accounts: Accounts
    refreshes: Refreshes
    circuits: Circuits
    queue: Queue
    gateway: Callable[[], Gateway]
    calendar: MarketCalendar
    refresh_times: RefreshTimes
    confirm_share: Decimal
    threads: int = THREADS
    wait: Callable[[float], None] = time.sleep
    jitter: Callable[[int], int] = secrets.randbelow
    streak: Streak = field(default_factory=Streak)


def refresh_page(page: RefreshPage, context: RefreshContext) -> Counter[str]:
    """Every account of the page is refreshed, or queued again, or needs nothing; how many of each.

    Nothing depends on it that the page is worked on once: a second worker finds the accounts fresh. The lease saves
    Gateway the second question. Raises: NotYet while another worker has the page; StoreUnavailable.
    """
    now = context.clock()
    if page.close < context.calendar.last_close(now):
        return _counted(Counter(pageSuperseded=1))
    if not context.refreshes.lease(page, now, lasting=LEASE):
        if context.refreshes.is_done(page):
            return _counted(Counter(pageRepeated=1))
        raise NotYet("Another worker has this page")
    with ExitStack() as undo:
        undo.callback(context.refreshes.release, page)
        results = _apply_forbidden_quorum(page, list(_results(page, context)), context)
        again = tuple(account for account, result in zip(page.accounts, results, strict=True) if result in AGAIN)
        _queue_again(page, again, context)
        undo.pop_all()
    context.refreshes.finish(page)
    return _counted(Counter(results) + _overdue(page, sum(result in LATE for result in results), context))


def _results(page: RefreshPage, context: RefreshContext) -> Iterator[Result]:
    """In the order of the accounts; while the circuit is open they are left, but for a first one that tries."""
    circuit, now = context.circuits.find(), context.clock()
    if circuit.is_open(now):
        count("CircuitOpen")
    if circuit.is_open(now) or page.close > now:  # a planner's clock ran ahead: the page waits for its close
        yield from (Result.LEFT for _ in page.accounts)
        return
    pulse, waiting, deadline = CircuitBreaker(circuit, context), list(page.accounts), Deadline(SECONDS)

    def refresh(account_id: str) -> Result:
        return Result.LEFT if pulse.has_stopped or deadline.has_passed else _refresh(account_id, pulse, context)

    while waiting and pulse.is_probing:
        yield from (result or Result.BROKEN for result in map_concurrently(refresh, [waiting.pop(0)], threads=1))
    yield from (result or Result.BROKEN for result in map_concurrently(refresh, waiting, threads=context.threads))


def _apply_forbidden_quorum(page: RefreshPage, results: list[Result], context: RefreshContext) -> list[Result]:
    """A 403 is an account's own, and flagged, when few get one. Of many at once Gateway, or what is before it, is to
    blame: they are tried again, and believed when that lasts for two hours."""
    told = results.count(Result.FORBIDDEN)
    many = told > FEW_FORBIDDEN and told > MANY_FORBIDDEN * sum(result not in NOT_ASKED for result in results)
    if many and page.attempt < ATTEMPTS_TO_BELIEVE:
        logger.warning("many accounts forbidden at once", accounts=told)
        return results
    forbidden = [ids for ids, result in zip(page.accounts, results, strict=True) if result is Result.FORBIDDEN]
    flagged = iter(map_concurrently(lambda account_id: _flagged(account_id, context), forbidden, threads=1))
    return [(next(flagged) or Result.BROKEN) if result is Result.FORBIDDEN else result for result in results]


def _flagged(account_id: str, context: RefreshContext) -> Result:
    account, now = context.accounts.find(account_id), context.clock()
    if account is None:
        return Result.UNKNOWN
    if not is_due(account, now, context.calendar):  # a login has overtaken the answer
        return Result.FRESH
    context.accounts.record_failure(account, GatewayForbidden.code, now, needs_login=True)
    _tell_if_stale(replace(account, state=SessionState.NEEDS_LOGIN), context)
    return Result.LAPSED


@dataclass(slots=True)
class CircuitBreaker:
    """Does Gateway answer? So many failures in a row stop the page and open the circuit for everybody."""

    circuit: Circuit
    context: RefreshContext
    has_stopped: bool = False
    has_claimed: bool = False
    lock: Lock = field(default_factory=Lock)

    @property
    def is_probing(self) -> bool:
        """The circuit was open: one account at a time, until Gateway has answered or failed."""
        return self.circuit.open_until is not None and not self.has_stopped

    def admits(self) -> bool:
        """May Gateway be asked? The first question after a pause is one worker's alone."""
        if self.is_probing and not self.has_claimed:
            self.has_claimed = self.context.circuits.open(self.circuit, self.context.clock())
            self.has_stopped = not self.has_claimed
        return not self.has_stopped

    def feel(self, account_id: str, outcome: Outcome) -> None:
        with self.lock:
            if not (isinstance(outcome, Failed) and outcome.reason in DOWN):
                self.context.streak.accounts.clear()
                self._close()
                return
            failures = self.context.streak.grow(account_id, self.context.clock())
            enough = 1 if self.is_probing else FAILURES_THAT_OPEN
            if failures < enough or self.has_stopped:
                return
            self.has_stopped = True
            self.context.streak.accounts.clear()
            self._open(outcome.reason)

    def _close(self) -> None:
        if self.circuit.open_until is not None:
            self.context.circuits.close()
            self.circuit = Circuit()
            logger.info("circuit closed")

    def _open(self, reason: str) -> None:
        # A probe that failed has opened it again by claiming it.
        if self.circuit.open_until is None and self.context.circuits.open(self.circuit, self.context.clock()):
            logger.warning("circuit opened", reason=reason)
            count("CircuitOpen")


def _refresh(account_id: str, pulse: CircuitBreaker, context: RefreshContext) -> Result:
    now = context.clock()
    try:
        account = context.accounts.find(account_id, consistent=False)
        if account is None or not is_refreshable(account):
            return Result.UNKNOWN
        if not is_due(account, now, context.calendar):
            return Result.FRESH
        if account.is_leased(now) or not pulse.admits():
            return Result.LEFT
        outcome = refresh_account(
            account,
            now=now,
            accounts=context.accounts,
            gateway=context.gateway(),
            calendar=context.calendar,
            confirm_share=context.confirm_share,
            flags_403=False,
            wait=context.wait,
        )
        pulse.feel(account_id, outcome)
        return _judge(account, outcome, context)
    except NotFound:  # unlinked while it was under way
        return Result.UNKNOWN
    except (StoreUnavailable, GatewayUnconfigured):
        return Result.STORE_FAILED


def _judge(account: Account, outcome: Outcome, context: RefreshContext) -> Result:
    now = context.clock()
    if isinstance(outcome, PROVEN) and (account.as_of is None or outcome.snapshot.as_of > account.as_of):
        account = replace(account, as_of=outcome.snapshot.as_of)
        if not is_due(account, now, context.calendar):
            return Result.REFRESHED
        if not has_lapsed(account, now, context.calendar):
            account = replace(account, state=SessionState.ACTIVE)  # as the store has it now: the date moved
    if isinstance(outcome, Failed) and outcome.reason in DOWN:
        return Result.FAILED
    if account.state is not SessionState.ACTIVE:
        # Tried in each round, for the session may have come back; never again for its sake.
        _tell_if_stale(account, context)
        return Result.WAITING
    if isinstance(outcome, Failed):
        return Result.FORBIDDEN if outcome.reason == GatewayForbidden.code else Result.FAILED
    if isinstance(outcome, Incomplete):
        return Result.INCOMPLETE
    if has_lapsed(account, now, context.calendar):
        return Result.LAPSED
    # Taken during the session that has closed since: Gateway may only be slow, and nothing is proven yet.
    return Result.UNMOVED


def _tell_if_stale(account: Account, context: RefreshContext) -> None:
    flag_if_stale(account, now=context.clock(), accounts=context.accounts, calendar=context.calendar)


def _queue_again(page: RefreshPage, accounts: Sequence[str], context: RefreshContext) -> None:
    if not accounts:
        return
    later = page.again(tuple(accounts))
    if not context.queue.send_all([encode_page(later)], delay=page.retry_delay(context.jitter(101))):
        raise StoreUnavailable("The accounts that failed could not be queued again")


def _overdue(page: RefreshPage, again: int, context: RefreshContext) -> Counter[str]:
    late = context.clock() - page.close - context.refresh_times.delay >= OVERDUE_AFTER
    return Counter(refreshOverdue=again) if again and late else Counter()


def _counted(results: Counter[str]) -> Counter[str]:
    words = {str(word): number for word, number in results.items()}
    logger.info("page", extra=words)
    for word, number in words.items():
        count(word[0].upper() + word[1:], number)
    return Counter(words)
