"""How far the refresh after a close has come.

REFRESH#<close> / PLAN       how many slots have been queued
REFRESH#<close> / PAGE#<id>  a page of accounts: leased while it is worked on, then done

Both forget themselves after two weeks: longer than the exchange ever rests.
"""

from datetime import datetime, timedelta

from gateway_backend.domain.refresh.schedule import RefreshPage
from gateway_backend.domain.shared import times
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import ConditionFailed, Delete, Put, Table, Update

_PLAN = "PLAN"
_KEPT = timedelta(days=14)


class Refreshes:
    def __init__(self, table: Table) -> None:
        self._table = table

    def planned(self, close: datetime) -> int:
        """How many slots of the window have been queued."""
        item = self._table.get(_pk(close), _PLAN)
        return int(item["slots"]) if item else 0

    def plan(self, close: datetime, planned: int, slots: int, now: datetime) -> bool:
        """Note that `slots` are queued in all, after `planned` before; False when another planner was faster."""
        values: Item = {"slots": slots, "expiresAt": int((now + _KEPT).timestamp())}
        condition = "#slots = :planned" if planned else "attribute_not_exists(#slots)"
        values |= {"planned": planned} if planned else {}
        update = "SET #slots = :slots, #expiresAt = :expiresAt"
        try:
            self._table.write(Update(_pk(close), _PLAN, update, values, condition))
        except ConditionFailed:
            return False
        return True

    def lease(self, page: RefreshPage, now: datetime, *, lasting: timedelta) -> bool:
        """Take the page; False while another worker has it."""
        item = {
            "pk": _pk(page.close),
            "sk": f"PAGE#{page.id}",
            "leaseUntil": times.to_key(now + lasting),
            "expiresAt": int((now + _KEPT).timestamp()),
        }
        free = "attribute_not_exists(#pk) OR (#leaseUntil <= :now AND attribute_not_exists(#done))"
        try:
            self._table.write(Put(item, free, {"now": times.to_key(now)}))
        except ConditionFailed:
            return False
        return True

    def release(self, page: RefreshPage) -> None:
        """Give the page back unfinished, for the next worker to take at once."""
        self._table.write(Delete(_pk(page.close), f"PAGE#{page.id}"))

    def is_done(self, page: RefreshPage) -> bool:
        item = self._table.get(_pk(page.close), f"PAGE#{page.id}")
        return item is not None and "done" in item

    def finish(self, page: RefreshPage) -> None:
        update = Update(_pk(page.close), f"PAGE#{page.id}", "SET #done = :yes", {"yes": True}, "attribute_exists(#pk)")
        try:
            self._table.write(update)
        except ConditionFailed:  # forgotten meanwhile
            return


def _pk(close: datetime) -> str:
    return f"REFRESH#{times.to_key(close)}"
