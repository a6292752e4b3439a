"""An operator's corrections of what brokers can do, from a setting."""

import re
from collections.abc import Iterator, Mapping
from copy import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from gateway_backend.domain.market.brokers import BROKERS, CAPABILITIES, Broker, find_broker

_PART = re.compile(r"([a-z0-9_]+?)(?:-leprechaun)?((?:[+-][A-Za-z]+)+)")
_CHANGE = re.compile(r"([+-])([A-Za-z]+)")


@cache
def capabilities(corrections: str) -> Mapping[str, Broker]:
    """The table with an operator's corrections: `groww-holdingsImport newbroker+securitiesOrders+limitOrders`.

    Raises: ValueError, naming the part that is wrong.
    """
    table, seen = dict(BROKERS), set[tuple[str, str]]()
    for part in re.split(r"[\s,]+", corrections):
        for key, capability, able in _changes(part) if part else ():
            if (key, capability) in seen:
                raise ValueError(f"{part!r} corrects {key}'s {capability} a second time")
            seen.add((key, capability))
            change: dict[str, Any] = {CAPABILITIES[capability]: able}
            table[key] = replace(find_broker(key, table), **change)
    return MappingProxyType(table)


def _changes(part: str) -> Iterator[tuple[str, str, bool]]:
    """(broker, capability, able) of one part of the text."""
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not a broker's key with +capability or -capability behind it")
    for sign, capability in _CHANGE.findall(match[2]):
        if capability == "longLivedSession":
            raise ValueError(f"{part!r}: longLivedSession cannot be corrected, because what is stored depends on it")
        if capability not in CAPABILITIES:
            raise ValueError(f"{part!r}: {capability} is none of {', '.join(CAPABILITIES)}")
        yield match[1], capability, sign == "+"
