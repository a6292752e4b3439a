"""After each close, queue the accounts whose sessions live long, slot by slot."""

from collections.abc import Iterator
from datetime import datetime
from itertools import batched

from gateway_backend.contracts.refresh_message import write_page
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.domain.refreshes import RefreshPage, RefreshTimes
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.refreshes import Refreshes

PAGE_ACCOUNTS = 100
SECONDS = 200.0


def plan_refresh(
    *,
    now: datetime,
    accounts: Accounts,
    refreshes: Refreshes,
    queue: Queue,
    calendar: MarketCalendar,
    refresh_times: RefreshTimes,
) -> dict[str, int]:
    """Queue every slot that has begun since the last run, however long ago that was.

    A slot counts as planned once all its pages are queued: a crash, or a second planner, queues a slot twice at worst,
    and the same page twice is one page (`RefreshPage.id`).
    """
    close, deadline = calendar.last_close(now), Deadline(SECONDS)
    begun, planned = refresh_times.slots_begun(close, now), refreshes.planned(close)
    slots = pages = found = 0
    for slot in range(planned, begun):
        ready = list(_pages(slot, close, accounts))
        if deadline.has_passed or not queue.offer_all([write_page(page) for page in ready]):
            break
        slots, pages, found = slots + 1, pages + len(ready), found + sum(len(page.accounts) for page in ready)
        if not refreshes.plan(close, slot + 1, now):
            break
    return {
        "slotsPlanned": slots,
        "pagesPlanned": pages,
        "accountsPlanned": found,
        "calendarDaysLeft": calendar.covered_days(now),
    }


def _pages(slot: int, close: datetime, accounts: Accounts) -> Iterator[RefreshPage]:
    return (RefreshPage(close, ids) for ids in batched(accounts.in_slot(slot), PAGE_ACCOUNTS, strict=False))
