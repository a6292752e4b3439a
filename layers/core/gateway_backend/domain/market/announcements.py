"""What the operator has added to NSE's calendar since the build, on the running stack."""

from collections.abc import Mapping
from copy import replace
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from gateway_backend.domain.market.sessions import TradingSession, parse_rule


class Announcements(NamedTuple):
    """`rules`: day -> `closed`, `open` or `open 18:00-19:00`.

    `covers_until`: the last day of the years whose holidays are all there. `acknowledged_until`: until then nobody is
    alarmed that they run out. `item_version` counts the writes of the stored item.
    """

    rules: Mapping[date, str] = MappingProxyType({})
    covers_until: date | None = None
    acknowledged_until: date | None = None
    item_version: int = 0

    @property
    def sessions(self) -> dict[date, TradingSession | None]:
        return {day: parse_rule(day, rule) for day, rule in self.rules.items()}

    def add(self, day: date, rule: str) -> "Announcements":
        """Raises: ValueError when the rule cannot be read."""
        parse_rule(day, rule)
        return replace(self, rules={**self.rules, day: " ".join(rule.split())})

    def remove(self, day: date) -> "Announcements":
        return replace(self, rules={other: rule for other, rule in self.rules.items() if other != day})

    def cover(self, until: date) -> "Announcements":
        return replace(self, covers_until=until)

    def acknowledge(self, until: date) -> "Announcements":
        return replace(self, acknowledged_until=until)


NONE = Announcements()
