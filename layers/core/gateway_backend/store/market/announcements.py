"""`CALENDAR` / `NSE`: the days that the operator has added to NSE's calendar (`python -m ops.calendar`)."""

from datetime import date

from gateway_backend.domain.market.announcements import NONE, Announcements
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put

_PK, _SK = "CALENDAR", "NSE"


class AnnouncementStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self) -> Announcements:
        item = self._table.get(_PK, _SK)
        if item is None:
            return NONE
        return Announcements(
            rules={date.fromisoformat(day): str(rule) for day, rule in sorted(item["rules"].items())},
            covers_until=_day(item, "coversUntil"),
            acknowledged_until=_day(item, "acknowledgedUntil"),
            item_version=int(item["itemVersion"]),
        )

    def save(self, before: Announcements, after: Announcements) -> None:
        """Raises: ConcurrentUpdate when somebody else has changed it since it was read."""
        item: Item = {
            "pk": _PK,
            "sk": _SK,
            "rules": {day.isoformat(): rule for day, rule in after.rules.items()},
            "coversUntil": after.covers_until and after.covers_until.isoformat(),
            "acknowledgedUntil": after.acknowledged_until and after.acknowledged_until.isoformat(),
            "itemVersion": before.item_version + 1,
        }
        unchanged = "#itemVersion = :read" if before.item_version else "attribute_not_exists(#pk)"
        values: Item = {"read": before.item_version} if before.item_version else {}
        try:
            self._table.write(Put(item, unchanged, values))
        except ConditionFailed:
            raise ConcurrentUpdate from None


def _day(item: Item, name: str) -> date | None:
    return date.fromisoformat(item[name]) if item.get(name) else None
