"""After each close, queue the accounts whose sessions live long, slot by slot."""

from itertools import batched

from gateway_backend.contracts.refresh.page_message import encode_page
from gateway_backend.domain.connections.connection import SLOTS
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.runtime.threads import Deadline
from gateway_backend.store.connections.connections import Connections
from gateway_backend.usecases.contexts import PlanContext

PAGE_ACCOUNTS = 100
PLANNED_TOGETHER = 5000
SECONDS = 200.0


def plan_refresh(context: PlanContext) -> dict[str, int]:
    """Queue every slot that has begun since the last run, however long ago that was.

    Slots count as planned once their pages are queued: a crash, or a second planner, queues some twice at worst. The
    same page twice is one page (`RefreshPage.id`), and a page that was cut otherwise finds its accounts fresh.
    """
    now, close = context.now, context.calendar.last_close(context.now)
    begun, planned, deadline = context.times.slots_begun(close, now), context.pages.planned(close), Deadline(SECONDS)
    slots = pages = found = 0
    while planned < begun and not deadline.has_passed:
        ids, until = _next_accounts(planned, begun, context.connections)
        ready = [RefreshPage(close, page, round=planned // SLOTS) for page in batched(ids, PAGE_ACCOUNTS, strict=False)]
        if not context.queue.send_all([encode_page(page) for page in ready]):
            break
        try:
            context.pages.plan(close, planned, until, now)
        except ConcurrentUpdate:
            break  # another planner goes on from there
        slots, pages, found = slots + until - planned, pages + len(ready), found + len(ids)
        planned = until
    days_left = {} if context.calendar.is_end_acknowledged(now) else _days_left(context)
    return {"slotsPlanned": slots, "pagesPlanned": pages, "accountsPlanned": found} | days_left


def _days_left(context: PlanContext) -> dict[str, int]:
    return {"calendarDaysLeft": context.calendar.covered_days(context.now)}


def _next_accounts(planned: int, begun: int, connections: Connections) -> tuple[list[str], int]:
    """The accounts of the round's next slots, enough to fill pages, and the slot at which they end."""
    ids: list[str] = []
    slot, end = planned, min(begun, (planned // SLOTS + 1) * SLOTS)
    while slot < end and len(ids) < PLANNED_TOGETHER:
        ids += connections.in_slot(slot % SLOTS)
        slot += 1
    return ids, slot
