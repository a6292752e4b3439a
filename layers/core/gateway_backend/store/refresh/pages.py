"""How far the refresh after a close has come.

REFRESH#<close> / PLAN       how many slots have been queued
REFRESH#<close> / PAGE#<id>  the work on a page of accounts, from its lease on

Both expire after two weeks: longer than the exchange ever rests.
"""

from datetime import datetime, timedelta

from gateway_backend.domain.refresh.page import PageState, PageWork, RefreshPage
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Delete, Put, Update

_PLAN = "PLAN"
_RETENTION = timedelta(days=14)


class RefreshPages:
    def __init__(self, table: Table) -> None:
        self._table = table

    def planned(self, close: datetime) -> int:
        """How many slots of the window have been queued."""
        item = self._table.get(_pk(close), _PLAN)
        return int(item["slots"]) if item else 0

    def plan(self, close: datetime, planned: int, slots: int, now: datetime) -> None:
        """Record that `slots` are queued in all, after `planned` before.

        Raises: ConcurrentUpdate when another planner was faster.
        """
        values: Item = {"slots": slots, "expiresAt": _expiry(now)}
        condition = "#slots = :planned" if planned else "attribute_not_exists(#slots)"
        values |= {"planned": planned} if planned else {}
        update = "SET #slots = :slots, #expiresAt = :expiresAt"
        try:
            self._table.write(Update(_pk(close), _PLAN, update, values, condition))
        except ConditionFailed:
            raise ConcurrentUpdate from None

    def work_on(self, page: RefreshPage) -> PageWork:
        item = self._table.get(_pk(page.close), _sk(page))
        if item is None:
            return PageWork()
        state = PageState.DONE if "done" in item else PageState.LEASED
        return PageWork(state, times.parse(item["leaseUntil"]))

    def save(self, page: RefreshPage, before: PageWork, after: PageWork, now: datetime) -> None:
        """Raises: ConcurrentUpdate when another worker has taken the page since it was read."""
        unchanged, values = "attribute_not_exists(#pk)", {}
        if before.lease_until:
            unchanged = "#leaseUntil = :read AND attribute_not_exists(#done)"
            values = {"read": times.to_key(before.lease_until)}
        try:
            if after.lease_until is None:
                self._table.write(Delete(_pk(page.close), _sk(page), unchanged, values))
            else:
                item = {
                    "pk": _pk(page.close),
                    "sk": _sk(page),
                    "leaseUntil": times.to_key(after.lease_until),
                    "done": after.is_done or None,
                    "expiresAt": _expiry(now),
                }
                self._table.write(Put(item, unchanged, values))
        except ConditionFailed:
            raise ConcurrentUpdate from None


def _pk(close: datetime) -> str:
    return f"REFRESH#{times.to_key(close)}"


def _sk(page: RefreshPage) -> str:
    return f"PAGE#{page.id}"


def _expiry(now: datetime) -> int:
    return int((now + _RETENTION).timestamp())
