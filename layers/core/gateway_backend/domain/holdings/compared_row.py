"""A consolidated row as far as two moments are compared, and whether the same money is in two of them."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

SAME_MONEY = Fraction(5, 1000)
"""Brokers round the average price, so the money put in is the same within this share of it."""


class AssetClass(StrEnum):
    SECURITY = "SECURITY"
    MUTUAL_FUND = "MUTUAL_FUND"


class Row(NamedTuple):
    """`invested` is None where any part's cost is unknown."""

    asset_class: AssetClass
    isin: str | None
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    quantity: Decimal
    average_price: Decimal | None
    invested: Decimal | None


def same_money(was: Row, now: Row) -> bool:
    return bool(was.invested and now.invested) and relative_difference(was.invested, now.invested) <= SAME_MONEY


def relative_difference(a: Decimal | Fraction | None, b: Decimal | Fraction | None) -> Fraction:
    """By how much of the larger one."""
    first, second = Fraction(a or 0), Fraction(b or 0)
    return abs(first - second) / max(abs(first), abs(second), Fraction(1, 10**30))
