"""Decimal arithmetic for prices and quantities: exact sums and products, rounding only where a quotient forces it."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

ZERO = Decimal(0)
_EXACT = Context(prec=100)
_QUOTIENT = Decimal("1e-8")


def total(numbers: Iterable[Decimal]) -> Decimal:
    with localcontext(_EXACT):
        return sum(numbers, ZERO)


def product(a: Decimal, b: Decimal) -> Decimal:
    with localcontext(_EXACT):
        return a * b


def quotient(a: Decimal, b: Decimal) -> Decimal:
    """a / b to eight decimal places, half to even: finer than any tick, coarser than noise."""
    with localcontext(_EXACT):
        return tidy((a / b).quantize(_QUOTIENT, rounding=ROUND_HALF_EVEN))


def tidy(number: Decimal) -> Decimal:
    """The same number without trailing zeros or an exponent: 36.680 -> 36.68, 1E+2 -> 100."""
    with localcontext(_EXACT):
        plain = number.normalize()
        return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
