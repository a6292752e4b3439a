"""What changed between two moments in what the accounts hold: bought, sold, and what only looks like it.

Rows are those of `holdings.consolidate`: comparing one account shows what happened in it, comparing all of a user's
accounts together does not take a transfer between them for a change.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.shared.money import DUST, ZERO, nearly_equal

SAME_MONEY = Fraction(5, 1000)
"""Brokers round the average price, so the money put in is the same within this share of it."""

LARGEST_RATIO = 200
"""Splits and bonuses, also both of one day, are announced in whole numbers up to this."""

_SIMPLE = 20
"""Where a fraction of a share was paid in cash, one number of the ratio is at most this: others fit by accident."""

_MOST_PARTS = 3
"""Companies that one is split into on a day."""

_MOST_NEW = 20
"""New rows that are tried for them: somebody who buys more at once has a list of their own."""

_ONE_PAISA = Fraction(1, 100)
_NOISE = Fraction(DUST)
_SERIES = re.compile(r"-(EQ|BE|BZ|SM|ST|GB)$")
"""What NSE puts behind the ticker of a share that trades in this series."""


class Kind(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    QUANTITY_CHANGED = "QUANTITY_CHANGED"
    COST_CHANGED = "COST_CHANGED"  # the same quantity at another average price
    LIKELY_DEMERGER = "LIKELY_DEMERGER"  # a part of the cost of one share is that of new ones now
    LIKELY_SPLIT_OR_BONUS = "LIKELY_SPLIT_OR_BONUS"  # another quantity for the same money


class AssetClass(StrEnum):
    SECURITY = "SECURITY"
    MUTUAL_FUND = "MUTUAL_FUND"


class _Row(NamedTuple):
    """A consolidated row as far as it is compared; `invested` is None where any part's cost is unknown."""

    asset_class: AssetClass
    isin: str | None
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    quantity: Decimal
    average_price: Decimal | None
    invested: Decimal | None


type _Key = Callable[[_Row], str | None]


def compare(before: Sequence[AccountPortfolio], after: Sequence[AccountPortfolio]) -> list[dict[str, Any]]:
    """The changes as the API gives them: securities, then funds, each by name. Quantities are shares or units.

    What is held is compared, not what is known about it: where the cost is unknown on either side, it has not changed,
    and a change of quantity is never called a split.
    """
    was, now = consolidate(before), consolidate(after)
    unreadable = {name for row in (*was["unreadable"], *now["unreadable"]) for name in _names_of(row)}
    return [
        *_changes(_securities(was, unreadable), _securities(now, unreadable)),
        *_changes(_funds(was, unreadable), _funds(now, unreadable)),
    ]


def _securities(consolidated: Mapping[str, Any], unreadable: set[str]) -> list[_Row]:
    return [_row(AssetClass.SECURITY, row, row["quantity"]) for row in _known(consolidated["holdings"], unreadable)]


def _funds(consolidated: Mapping[str, Any], unreadable: set[str]) -> list[_Row]:
    return [_row(AssetClass.MUTUAL_FUND, row, row["units"]) for row in _known(consolidated["mutualFunds"], unreadable)]


def _known(rows: Iterable[Mapping[str, Any]], unreadable: set[str]) -> Iterable[Mapping[str, Any]]:
    """What is held, and on both sides readable: what is unreadable on one side is no purchase or sale."""
    return (row for row in rows if row.get("quantity", row.get("units")) and unreadable.isdisjoint(_names_of(row)))


def _names_of(row: Mapping[str, Any]) -> list[str]:
    return [row[name] for name in ("isin", "nseTicker", "bseTicker", "name") if row.get(name)]


def _row(asset_class: AssetClass, row: Mapping[str, Any], quantity: Decimal) -> _Row:
    return _Row(
        asset_class=asset_class,
        isin=row["isin"],
        name=row["name"],
        nse_ticker=row.get("nseTicker"),
        bse_ticker=row.get("bseTicker"),
        quantity=quantity,
        average_price=row["averagePrice"],
        invested=row["invested"],
    )


def _changes(before: list[_Row], after: list[_Row]) -> list[dict[str, Any]]:
    found = [(was, now, kind) for was, now in _pairs(before, after) if (kind := _kind(was, now))]
    parent_of = _demergers(found)
    parents = set(parent_of.values())
    changes = []
    for was, now, kind in found:
        is_demerger = now in parent_of or now in parents
        change = _change(was, now, Kind.LIKELY_DEMERGER if is_demerger else kind)
        parent = parent_of.get(now)
        changes.append(change | {"demergedFrom": {"isin": parent.isin, "name": parent.name} if parent else None})
    return sorted(changes, key=_order)


def _order(change: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(change[name] or "" for name in ("name", "isin", "nseTicker", "bseTicker", "kind"))


# Which rows are the same thing -----------------------------------------------------------------


def _pairs(before: list[_Row], after: list[_Row]) -> Iterable[tuple[_Row, _Row]]:
    """Each row of one side with its own of the other, or with an empty one.

    A split of the face value gives a share a new ISIN (a bonus keeps it), so what is left over by ISIN is looked for by
    ticker.
    """
    for key, is_same in _WAYS_TO_FIND:
        found = [pair for pair in _namesakes(before, after, key) if is_same(*pair)]
        yield from found
        paired = {row for pair in found for row in pair}
        before, after = ([row for row in rows if row not in paired] for rows in (before, after))
    yield from ((was, _emptied(was)) for was in before)
    yield from ((_emptied(now), now) for now in after)


def _namesakes(before: list[_Row], after: list[_Row], key: _Key) -> Iterable[tuple[_Row, _Row]]:
    """Those that share a name which no other row has: between more than two there would be a guess."""
    earlier, later = _by(key, before), _by(key, after)
    for name, rows in earlier.items():
        if len(rows) == len(later.get(name, [])) == 1:
            yield rows[0], later[name][0]


def _by(key: _Key, rows: list[_Row]) -> dict[str, list[_Row]]:
    named: dict[str, list[_Row]] = {}
    for row in rows:
        if name := key(row):
            named.setdefault(name, []).append(row)
    return named


def _identity(row: _Row) -> str:
    """What `consolidate` grouped it by: unique on each side."""
    if row.isin:
        return row.isin
    return f"NSE:{row.nse_ticker}" if row.nse_ticker else f"BSE:{row.bse_ticker or row.name}"


def _always(_was: _Row, _now: _Row) -> bool:
    return True


def _has_new_isin(was: _Row, now: _Row) -> bool:
    """The same amount invested proves a new ISIN; otherwise another company may have taken over the ticker."""
    same = nearly_equal(was.quantity, now.quantity) and _same_money(was, now)
    return same or _split_ratio(was, now) is not None or _lacks_isin(was, now)


def _lacks_isin(was: _Row, now: _Row) -> bool:
    """Gateway's v1 names no ISINs: then tickers and names are all there is."""
    return was.isin is None or now.isin is None


_WAYS_TO_FIND: Sequence[tuple[_Key, Callable[[_Row, _Row], bool]]] = (
    (_identity, _always),
    (lambda row: row.nse_ticker and _SERIES.sub("", row.nse_ticker), _has_new_isin),
    (lambda row: row.bse_ticker, _has_new_isin),
    (lambda row: row.name, _lacks_isin),
)


def _emptied(row: _Row) -> _Row:
    return replace(row, quantity=ZERO, average_price=None, invested=ZERO)


# What happened to it ---------------------------------------------------------------------------


def _kind(was: _Row, now: _Row) -> Kind | None:
    """A short position holds nothing: closing or opening one is a change of quantity."""
    if was.quantity <= 0 < now.quantity:
        return Kind.ADDED
    if now.quantity <= 0 < was.quantity:
        return Kind.REMOVED
    if nearly_equal(was.quantity, now.quantity):
        return Kind.COST_CHANGED if _cost_moved(was, now) else None
    return Kind.LIKELY_SPLIT_OR_BONUS if _split_ratio(was, now) else Kind.QUANTITY_CHANGED


def _cost_moved(was: _Row, now: _Row) -> bool:
    """By a paisa a share or more: less is how brokers, and our own quotients, round."""
    if was.invested is None or now.invested is None or was.average_price is None or now.average_price is None:
        return False
    return abs(Fraction(was.average_price) - Fraction(now.average_price)) >= _ONE_PAISA


def _same_money(was: _Row, now: _Row) -> bool:
    return bool(was.invested and now.invested) and _differ(was.invested, now.invested) <= SAME_MONEY


def _differ(a: Decimal | Fraction | None, b: Decimal | Fraction | None) -> Fraction:
    """By how much of the larger one."""
    first, second = Fraction(a or 0), Fraction(b or 0)
    return abs(first - second) / max(abs(first), abs(second), Fraction(1, 10**30))


def _split_ratio(was: _Row, now: _Row) -> str | None:
    """`2:1` for two shares in the place of each one; None when more or less money is in it now.

    Of several ratios it is an exact and simple one, else the one that explains the average price best.
    """
    if was.quantity <= 0 or now.quantity <= 0 or not (was.invested and now.invested):
        return None
    if _differ(was.invested, now.invested) > _tolerance(was, now):
        return None
    ratios = list(_ratios(was, now))
    if not ratios:
        return None
    first = ratios[0]
    is_simple = max(first.numerator, first.denominator) <= _SIMPLE
    best = first if is_simple else min(ratios, key=lambda ratio: _misses(ratio, was, now))
    return f"{best.numerator}:{best.denominator}"


def _misses(ratio: Fraction, was: _Row, now: _Row) -> Fraction:
    """By how much of the average price the ratio misses it, beyond what rounding to a paisa explains."""
    before, scaled = Fraction(was.average_price or 0), Fraction(now.average_price or 0) * ratio
    return max(Fraction(0), abs(scaled - before) - _ONE_PAISA / 2 * (1 + ratio)) / before


def _tolerance(was: _Row, now: _Row) -> Fraction:
    """How far from the same money is the same: as brokers round, and a tenth of the change of the quantity at most.

    A purchase or sale moves as much money as shares, so it is told from a split unless it was for a tenth of the price.
    """
    rounding = _ONE_PAISA / 2 / Fraction(was.average_price or 1) + _ONE_PAISA / 2 / Fraction(now.average_price or 1)
    return min(max(SAME_MONEY, rounding), _differ(was.quantity, now.quantity) / 10)


def _ratios(was: _Row, now: _Row) -> Iterable[Fraction]:
    """Those that explain the quantities: exactly, or but for a fraction that was paid in cash, the simplest first.

    3:2 of 333 shares are 499. Units of funds are rounded to three decimals.
    """
    quotient = Fraction(now.quantity) / Fraction(was.quantity)
    exact = quotient.limit_denominator(LARGEST_RATIO)
    if exact != 1 and exact.numerator <= LARGEST_RATIO and _differ(exact, quotient) <= _NOISE:
        yield exact
    fraction = Fraction(1) if was.asset_class is AssetClass.SECURITY else Fraction(1, 1000)
    for old in range(1, LARGEST_RATIO + 1):
        new = round(quotient * old)
        is_announced = 1 <= new <= LARGEST_RATIO and min(new, old) <= _SIMPLE and new != old
        if is_announced and abs(Fraction(was.quantity) * new / old - Fraction(now.quantity)) < fraction:
            yield Fraction(new, old)


def _change(was: _Row, now: _Row, kind: Kind) -> dict[str, Any]:
    isin = now.isin or was.isin
    return {
        "kind": kind,
        "assetClass": now.asset_class,
        "isin": isin,
        "previousIsin": was.isin if was.isin != isin else None,
        "name": now.name or was.name,
        "nseTicker": now.nse_ticker or was.nse_ticker,
        "bseTicker": now.bse_ticker or was.bse_ticker,
        "quantityBefore": was.quantity,
        "quantityAfter": now.quantity,
        "averagePriceBefore": was.average_price,
        "averagePriceAfter": now.average_price,
        "ratio": _split_ratio(was, now) if kind is Kind.LIKELY_SPLIT_OR_BONUS else None,
    }


def _demergers(changes: Sequence[tuple[_Row, _Row, Kind]]) -> dict[_Row, _Row]:
    """What is new -> what it was likely demerged from: the cost that one row has lost is that of the new ones."""
    new = [now for _, now, kind in changes if kind is Kind.ADDED and now.invested][:_MOST_NEW]
    parent_of: dict[_Row, _Row] = {}
    for was, now, kind in changes:
        if kind is Kind.COST_CHANGED and was.invested and now.invested and now.invested < was.invested:
            moved = was.invested - now.invested
            parent_of |= dict.fromkeys(_parts(moved, was, [row for row in new if row not in parent_of]), now)
    return parent_of


def _parts(moved: Decimal, was: _Row, new: Sequence[_Row]) -> tuple[_Row, ...]:
    """The fewest of them that cost together what was moved, as brokers round; none if none do."""
    allowed = min(SAME_MONEY * Fraction(was.invested or 0), Fraction(moved) / 10)
    for count in range(1, _MOST_PARTS + 1):
        for rows in combinations(new, count):
            if abs(Fraction(moved) - sum(Fraction(row.invested or 0) for row in rows)) <= allowed:
                return rows
    return ()
