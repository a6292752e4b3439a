"""Parsing a mutual fund statement, whose shape is documented in words only (contract 3.6).

Each name is one that a public description or a client uses. What has none of them stays in the statement itself.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from gateway_backend.domain.holdings.portfolio import MutualFund, Portfolio, UnreadableRow
from gateway_backend.domain.shared.money import ZERO, quotient, readable

_NAMES = ("schemeName", "scheme", "fund", "fundName")
_FOLIOS = ("folio", "folioNo", "folioNumber")
_UNITS = ("units", "closingBalance", "closingBal", "balanceUnits", "quantity")
_COSTS = ("costValue", "cost", "investedValue", "investedAmount")


def parse_statement(data: Any) -> Portfolio:
    """The schemes of its summary. One whose units cannot be read is kept as unreadable, and hides no other."""
    funds: list[MutualFund] = []
    unreadable: list[UnreadableRow] = []
    for row in _summary(data):
        isin, name, folio = _text(row, ("isin",)), _text(row, _NAMES), _text(row, _FOLIOS)
        units = _number(row, _UNITS)
        if units is None:
            unreadable.append(UnreadableRow(isin=isin, name=name, folio=folio, is_fund=True))
        else:
            funds.append(MutualFund(isin, name or isin or "", folio, units, _average_price(row, units)))
    return Portfolio("statement", (), tuple(funds), tuple(unreadable))


def _summary(data: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of the member whose name says that it is the summary, at whatever depth."""
    if not isinstance(data, dict):
        return
    for name, member in data.items():
        if "summary" in name.casefold() and isinstance(member, list):
            yield from (row for row in member if isinstance(row, dict))
        else:
            yield from _summary(member)


def _average_price(row: Mapping[str, Any], units: Decimal) -> Decimal:
    price, cost = _number(row, ("averagePrice",)), _number(row, _COSTS)
    if price is not None:
        return price
    return quotient(cost, units) if cost is not None and cost > 0 and units > 0 else ZERO


def _text(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(row[name]) for name in names if isinstance(row.get(name), str | int) and row[name] != ""), None)


def _number(row: Mapping[str, Any], names: tuple[str, ...]) -> Decimal | None:
    return next((number for name in names if (number := readable(row.get(name))) is not None), None)
