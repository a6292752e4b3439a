"""After each close, queue the accounts whose sessions live long, slot by slot."""

from datetime import datetime
from itertools import batched

from gateway_backend.contracts.refresh_message import encode_page
from gateway_backend.domain.accounts import SLOTS
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.domain.refreshes import RefreshPage, RefreshTimes
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.refreshes import Refreshes

PAGE_ACCOUNTS = 100
PLANNED_TOGETHER = 5000
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

    Slots count as planned once their pages are queued: a crash, or a second planner, queues some twice at worst. The
    same page twice is one page (`RefreshPage.id`), and what was cut otherwise finds its accounts fresh.
    """
    close, deadline = calendar.last_close(now), Deadline(SECONDS)
    begun, planned = refresh_times.slots_begun(close, now), refreshes.planned(close)
    slots = pages = found = 0
    while planned < begun and not deadline.has_passed:
        ids, until = _together(planned, begun, accounts)
        ready = [RefreshPage(close, page, round=planned // SLOTS) for page in batched(ids, PAGE_ACCOUNTS, strict=False)]
        if not queue.send_all([encode_page(page) for page in ready]) or not refreshes.plan(close, planned, until, now):
            break
        slots, pages, found = slots + until - planned, pages + len(ready), found + len(ids)
        planned = until
    return {
        "slotsPlanned": slots,
        "pagesPlanned": pages,
        "accountsPlanned": found,
        "calendarDaysLeft": calendar.covered_days(now),
    }


def _together(planned: int, begun: int, accounts: Accounts) -> tuple[list[str], int]:
    """The accounts of the next slots of a round, so many that they fill pages, and up to where that is."""
    ids: list[str] = []
    slot, end = planned, min(begun, (planned // SLOTS + 1) * SLOTS)
    while slot < end and len(ids) < PLANNED_TOGETHER:
        ids += accounts.in_slot(slot % SLOTS)
        slot += 1
    return ids, slot
