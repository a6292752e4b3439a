"""In which ratio a share was likely split, or a bonus given: another quantity for the same money."""

from collections.abc import Iterable
from fractions import Fraction

from gateway_backend.domain.holdings.compared_row import SAME_MONEY, AssetClass, Row, relative_difference
from gateway_backend.domain.shared.money import DUST

LARGEST_RATIO = 200
"""Splits and bonuses, also both of one day, are announced in whole numbers up to this."""

_SIMPLE = 20
"""Where a fraction of a share was paid in cash, one number of the ratio is at most this: others fit by accident."""

_HALF_A_PAISA = Fraction(1, 200)
_NOISE = Fraction(DUST)


def split_ratio(was: Row, now: Row) -> str | None:
    """`2:1` for two shares in the place of each one; None when more or less money is in it now.

    Of several ratios it is an exact and simple one, else the one that explains the average price best.
    """
    if was.quantity <= 0 or now.quantity <= 0 or not (was.invested and now.invested):
        return None
    if relative_difference(was.invested, now.invested) > _tolerance(was, now):
        return None
    ratios = list(_ratios(was, now))
    if not ratios:
        return None
    first = ratios[0]
    is_simple = max(first.numerator, first.denominator) <= _SIMPLE
    best = first if is_simple else min(ratios, key=lambda ratio: _misses(ratio, was, now))
    return f"{best.numerator}:{best.denominator}"


def _misses(ratio: Fraction, was: Row, now: Row) -> Fraction:
    """By how much of the average price the ratio misses it, beyond what rounding to a paisa explains."""
    before, scaled = Fraction(was.average_price or 0), Fraction(now.average_price or 0) * ratio
    return max(Fraction(0), abs(scaled - before) - _HALF_A_PAISA * (1 + ratio)) / before


def _tolerance(was: Row, now: Row) -> Fraction:
    """How far from the same money is the same: as brokers round, and a tenth of the change of the quantity at most.

    A purchase or sale moves as much money as shares, so it is told from a split unless it was for a tenth of the price.
    """
    rounding = _HALF_A_PAISA / Fraction(was.average_price or 1) + _HALF_A_PAISA / Fraction(now.average_price or 1)
    return min(max(SAME_MONEY, rounding), relative_difference(was.quantity, now.quantity) / 10)


def _ratios(was: Row, now: Row) -> Iterable[Fraction]:
    """Those that explain the quantities: exactly, or but for a fraction that was paid in cash, the simplest first.

    3:2 of 333 shares are 499. Units of funds are rounded to three decimals.
    """
    quotient = Fraction(now.quantity) / Fraction(was.quantity)
    exact = quotient.limit_denominator(LARGEST_RATIO)
    if exact != 1 and exact.numerator <= LARGEST_RATIO and relative_difference(exact, quotient) <= _NOISE:
        yield exact
    fraction = Fraction(1) if was.asset_class is AssetClass.SECURITY else Fraction(1, 1000)
    for old in range(1, LARGEST_RATIO + 1):
        new = round(quotient * old)
        is_announced = 1 <= new <= LARGEST_RATIO and min(new, old) <= _SIMPLE and new != old
        if is_announced and abs(Fraction(was.quantity) * new / old - Fraction(now.quantity)) < fraction:
            yield Fraction(new, old)
