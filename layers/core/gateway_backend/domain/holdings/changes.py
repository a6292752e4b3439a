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
from typing import Any

from gateway_backend.domain.holdings.compared_row import AssetClass, Row, same_money
from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.demergers import find_demergers
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.holdings.split_ratio import split_ratio
from gateway_backend.domain.shared.money import ZERO, nearly_equal

_ONE_PAISA = Fraction(1, 100)
_SERIES = re.compile(r"-(EQ|BE|BZ|SM|ST|GB)$")
"""What NSE puts behind the ticker of a share that trades in this series."""


class Kind(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    QUANTITY_CHANGED = "QUANTITY_CHANGED"
    COST_CHANGED = "COST_CHANGED"  # the same quantity at another average price
    LIKELY_DEMERGER = "LIKELY_DEMERGER"  # a part of the cost of one share is that of new ones now
    LIKELY_SPLIT_OR_BONUS = "LIKELY_SPLIT_OR_BONUS"  # another quantity for the same money


type _Key = Callable[[Row], str | None]


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


def _securities(consolidated: Mapping[str, Any], unreadable: set[str]) -> list[Row]:
    return [_row(AssetClass.SECURITY, row, row["quantity"]) for row in _known(consolidated["holdings"], unreadable)]


def _funds(consolidated: Mapping[str, Any], unreadable: set[str]) -> list[Row]:
    return [_row(AssetClass.MUTUAL_FUND, row, row["units"]) for row in _known(consolidated["mutualFunds"], unreadable)]


def _known(rows: Iterable[Mapping[str, Any]], unreadable: set[str]) -> Iterable[Mapping[str, Any]]:
    """What is held, and on both sides readable: what is unreadable on one side is no purchase or sale."""
    return (row for row in rows if row.get("quantity", row.get("units")) and unreadable.isdisjoint(_names_of(row)))


def _names_of(row: Mapping[str, Any]) -> list[str]:
    return [row[name] for name in ("isin", "nseTicker", "bseTicker", "name") if row.get(name)]


def _row(asset_class: AssetClass, row: Mapping[str, Any], quantity: Decimal) -> Row:
    return Row(
        asset_class=asset_class,
        isin=row["isin"],
        name=row["name"],
        nse_ticker=row.get("nseTicker"),
        bse_ticker=row.get("bseTicker"),
        quantity=quantity,
        average_price=row["averagePrice"],
        invested=row["invested"],
    )


def _changes(before: list[Row], after: list[Row]) -> list[dict[str, Any]]:
    found = [(was, now, kind) for was, now in _pairs(before, after) if (kind := _kind(was, now))]
    new = [now for _, now, kind in found if kind is Kind.ADDED]
    parent_of = find_demergers(new, [(was, now) for was, now, kind in found if kind is Kind.COST_CHANGED])
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


def _pairs(before: list[Row], after: list[Row]) -> Iterable[tuple[Row, Row]]:
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


def _namesakes(before: list[Row], after: list[Row], key: _Key) -> Iterable[tuple[Row, Row]]:
    """Those that share a name which no other row has: between more than two there would be a guess."""
    earlier, later = _by(key, before), _by(key, after)
    for name, rows in earlier.items():
        if len(rows) == len(later.get(name, [])) == 1:
            yield rows[0], later[name][0]


def _by(key: _Key, rows: list[Row]) -> dict[str, list[Row]]:
    named: dict[str, list[Row]] = {}
    for row in rows:
        if name := key(row):
            named.setdefault(name, []).append(row)
    return named


def _identity(row: Row) -> str:
    """What `consolidate` grouped it by: unique on each side."""
    if row.isin:
        return row.isin
    return f"NSE:{row.nse_ticker}" if row.nse_ticker else f"BSE:{row.bse_ticker or row.name}"


def _always(_was: Row, _now: Row) -> bool:
    return True


def _has_new_isin(was: Row, now: Row) -> bool:
    """The same amount invested proves a new ISIN; otherwise another company may have taken over the ticker."""
    same = nearly_equal(was.quantity, now.quantity) and same_money(was, now)
    return same or split_ratio(was, now) is not None or _lacks_isin(was, now)


def _lacks_isin(was: Row, now: Row) -> bool:
    """Gateway's v1 names no ISINs: then tickers and names are all there is."""
    return was.isin is None or now.isin is None


_WAYS_TO_FIND: Sequence[tuple[_Key, Callable[[Row, Row], bool]]] = (
    (_identity, _always),
    (lambda row: row.nse_ticker and _SERIES.sub("", row.nse_ticker), _has_new_isin),
    (lambda row: row.bse_ticker, _has_new_isin),
    (lambda row: row.name, _lacks_isin),
)


def _emptied(row: Row) -> Row:
    return replace(row, quantity=ZERO, average_price=None, invested=ZERO)


# What happened to it ---------------------------------------------------------------------------


def _kind(was: Row, now: Row) -> Kind | None:
    """A short position holds nothing: closing or opening one is a change of quantity."""
    if was.quantity <= 0 < now.quantity:
        return Kind.ADDED
    if now.quantity <= 0 < was.quantity:
        return Kind.REMOVED
    if nearly_equal(was.quantity, now.quantity):
        return Kind.COST_CHANGED if _cost_moved(was, now) else None
    return Kind.LIKELY_SPLIT_OR_BONUS if split_ratio(was, now) else Kind.QUANTITY_CHANGED


def _cost_moved(was: Row, now: Row) -> bool:
    """By a paisa a share or more: less is how brokers, and our own quotients, round."""
    if was.invested is None or now.invested is None or was.average_price is None or now.average_price is None:
        return False
    return abs(Fraction(was.average_price) - Fraction(now.average_price)) >= _ONE_PAISA


def _change(was: Row, now: Row, kind: Kind) -> dict[str, Any]:
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
        "ratio": split_ratio(was, now) if kind is Kind.LIKELY_SPLIT_OR_BONUS else None,
    }
