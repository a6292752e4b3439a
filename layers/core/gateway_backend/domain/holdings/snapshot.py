"""Judge the answer to a pull of holdings: whether it may replace the last good snapshot.

It keeps promises 1 and 3 of docs/architecture.md.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway_backend.domain.holdings.known_prices import KnownPrices
from gateway_backend.domain.holdings.parse import PortfolioUnreadable, identities, identity_of, parse_portfolio
from gateway_backend.domain.holdings.portfolio import Portfolio
from gateway_backend.domain.shared import times

UPDATING = "UPDATING"
"""Gateway's word that a newer snapshot is being made."""

OUTSIDE_PORTFOLIO = frozenset(
    [
        "updating",
        "lastUpdate",
        "snapshotDate",
        "smallcaseAuthId",
        "broker",
        "notes",
        "transactionId",
        "timestamp",
        "checksum",
    ]
)
"""Members of the data object that are about the snapshot, not part of the portfolio."""


@dataclass(frozen=True)
class Snapshot:
    """A complete portfolio of one account at one `snapshotDate`: Gateway's own JSON text, and its parsed `values`.

    `known_prices`: the prices that an earlier snapshot gave and this one does not.

    The portfolio is made of the values when it is first used: an unchanged text need not be parsed again.
    """

    account_id: str
    broker: str
    as_of: datetime
    snapshot_date: str
    last_update: str | None
    text: str
    values: Mapping[str, Any]
    known_prices: KnownPrices = MappingProxyType({})

    @cached_property
    def portfolio(self) -> Portfolio:
        return parse_portfolio(self.values)

    @property
    def is_readable(self) -> bool:
        try:
            return self.portfolio is not None
        except PortfolioUnreadable:
            return False

    @cached_property
    def content_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def quantities_hash(self) -> str:
        """The same for two answers that hold the same, whatever it is worth: prices move from moment to moment."""
        return hashlib.sha256(json.dumps(self.portfolio.quantities()).encode()).hexdigest()


class Complete(NamedTuple):
    snapshot: Snapshot


class Incomplete(NamedTuple):
    """Gateway answered, but not with a whole portfolio; `reason` is a stable machine word.

    `doubted`: a portfolio that would count if a later answer confirmed it.
    """

    reason: str
    doubted: Snapshot | None = None

    @property
    def is_updating(self) -> bool:
        return self.reason == UPDATING


class ProvenEmpty(NamedTuple):
    """Nothing is held any more: the answer has a newer date, and a later pull confirms it."""

    snapshot: Snapshot


class Failed(NamedTuple):
    """Gateway did not answer, or refused; `reason` is the error's code."""

    reason: str


type PullOutcome = Complete | ProvenEmpty | Incomplete | Failed
PROVEN = (Complete, ProvenEmpty)
"""The outcomes that may replace the last good snapshot."""


def judge(
    data: dict[str, tuple[str, Any]],
    account_id: str,
    now: datetime,
    *,
    funds_expected: bool = False,
    judged_before: str | None = None,
) -> Complete | Incomplete:
    """Judge a holdings data object given as its members: name -> (JSON text, value).

    `funds_expected`: the last snapshot held mutual funds, so an answer without their member is not whole.
    `judged_before`: the content hash of the last one, which need not be parsed again.
    """
    values = {name: value for name, (_, value) in data.items()}
    if values.get("updating") is True:
        return Incomplete(UPDATING)
    if values.get("smallcaseAuthId", account_id) != account_id:
        return Incomplete("OTHER_ACCOUNT")
    snapshot_date = values.get("snapshotDate")
    as_of = _instant(snapshot_date)
    if as_of is None or not isinstance(snapshot_date, str):
        return Incomplete("SNAPSHOT_DATE_UNREADABLE")
    if as_of > now + times.CLOCK_SKEW:
        return Incomplete("SNAPSHOT_DATE_IN_FUTURE")
    if funds_expected and not isinstance(values.get("mutualFunds"), dict):
        return Incomplete("MUTUAL_FUNDS_MISSING")
    broker, last_update = values.get("broker"), values.get("lastUpdate")
    snapshot = Snapshot(
        account_id=account_id,
        broker=broker if isinstance(broker, str) else "",
        as_of=as_of,
        snapshot_date=snapshot_date,
        last_update=last_update if isinstance(last_update, str) else None,
        text=_portfolio_text(data),
        values=values,
    )
    return (
        Complete(snapshot)
        if snapshot.content_hash == judged_before or snapshot.is_readable
        else Incomplete("PORTFOLIO_UNREADABLE")
    )


def needs_confirmation(snapshot: Snapshot, last: Mapping[str, Any] | None, share: Decimal) -> bool:
    """Is nothing in it, or is such a share (0 to 1) of the last one's entries gone, that a later pull must agree?

    `last` is the data object of the last snapshot.
    """
    if snapshot.portfolio.size == 0:
        return True
    held = identities(last) if last else set()
    return bool(held) and len(held - identities(snapshot.values)) >= share * len(held)


def hides_holdings(snapshot: Snapshot, last: Mapping[str, Any]) -> bool:
    """Is a security unreadable in it that the last portfolio, given as its data object, could read?

    Of a row without any name nothing can be told, so it hides whatever is missing.
    """
    unreadable = {identity_of(row) for row in snapshot.portfolio.unreadable}
    if not unreadable:
        return False
    held = identities(last) - {identity_of(row) for row in parse_portfolio(last).unreadable}
    is_nameless = not unreadable.isdisjoint(_NAMELESS)
    return not held.isdisjoint(unreadable) or (is_nameless and not held <= identities(snapshot.values))


_NAMELESS = {("",), ("", "")}


def _portfolio_text(data: dict[str, tuple[str, Any]]) -> str:
    kept = (f"{json.dumps(name)}:{text}" for name, (text, _) in data.items() if name not in OUTSIDE_PORTFOLIO)
    return "{" + ",".join(kept) + "}"


def _instant(value: Any) -> datetime | None:
    try:
        return times.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
