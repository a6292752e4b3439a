"""Judging what a pull of holdings brought: may it replace the last good snapshot? (design, promises 1 and 3)"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway_backend.domain import times
from gateway_backend.domain.holdings import Portfolio, PortfolioUnreadable, read_portfolio

MOST_GONE_AT_ONCE = 0.5
"""A portfolio that has lost this share of the last one's entries is pulled a second time before it is believed."""

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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A complete portfolio of one account at one `snapshotDate`, as Gateway's own JSON text."""

    account_id: str
    broker: str
    as_of: datetime
    snapshot_date: str
    last_update: str | None
    text: str
    portfolio: Portfolio

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Complete:
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Gateway answered, but not with a whole portfolio; `reason` is a stable machine word."""

    reason: str


type Outcome = Complete | Incomplete


def judge(data: dict[str, tuple[str, Any]], account_id: str, now: datetime, *, funds_expected: bool = False) -> Outcome:
    """Judge a holdings data object given as its members: name -> (JSON text, value).

    `funds_expected`: the last snapshot held mutual funds, so an answer that does not speak of them is not whole.
    """
    values = {name: value for name, (_, value) in data.items()}
    if values.get("updating") is True:
        return Incomplete("UPDATING")
    if values.get("smallcaseAuthId", account_id) != account_id:
        return Incomplete("OTHER_ACCOUNT")
    snapshot_date = values.get("snapshotDate")
    as_of = _instant(snapshot_date)
    if as_of is None or not isinstance(snapshot_date, str):
        return Incomplete("SNAPSHOT_DATE_UNREADABLE")
    if as_of > now + times.CLOCK_SKEW:
        return Incomplete("SNAPSHOT_DATE_IN_FUTURE")
    if funds_expected and values.get("mutualFunds") is None:
        return Incomplete("MUTUAL_FUNDS_MISSING")
    try:
        portfolio = read_portfolio(values)
    except PortfolioUnreadable:
        return Incomplete("PORTFOLIO_UNREADABLE")
    broker, last_update = values.get("broker"), values.get("lastUpdate")
    return Complete(
        Snapshot(
            account_id=account_id,
            broker=broker if isinstance(broker, str) else "",
            as_of=as_of,
            snapshot_date=snapshot_date,
            last_update=last_update if isinstance(last_update, str) else None,
            text=_portfolio_text(data),
            portfolio=portfolio,
        )
    )


def needs_confirmation(snapshot: Snapshot, last_size: int) -> bool:
    """Is nothing in it, or so much less than last time, that only a second, agreeing pull proves it?"""
    size = snapshot.portfolio.size
    return size == 0 or last_size - size >= last_size * MOST_GONE_AT_ONCE


def agrees(first: Snapshot, second: Outcome) -> bool:
    """Does a second pull hold the same quantities, at the same date or a later one? Prices may have moved."""
    return (
        isinstance(second, Complete)
        and second.snapshot.as_of >= first.as_of
        and second.snapshot.portfolio.quantities() == first.portfolio.quantities()
    )


def _portfolio_text(data: dict[str, tuple[str, Any]]) -> str:
    kept = (f"{json.dumps(name)}:{text}" for name, (text, _) in data.items() if name not in OUTSIDE_PORTFOLIO)
    return "{" + ",".join(kept) + "}"


def _instant(value: Any) -> datetime | None:
    try:
        return times.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
