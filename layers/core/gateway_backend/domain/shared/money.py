"""Decimal arithmetic for prices and quantities: exact sums and products, rounding only where a quotient forces it."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

ZERO = Decimal(0)
_MOST_DIGITS, _LARGEST_EXPONENT = 38, 30
"""Of a number that counts as readable: what DynamoDB holds, and no more rupees or shares than there are."""

_EXACT = Context(prec=100)
_QUOTIENT = Decimal("1e-8")
_NUMBER_TEXT = re.compile(r"\s{0,9}[+-]?\d{1,50}(\.\d{0,50})?([eE][+-]?\d{1,3})?\s{0,9}", re.ASCII)


def readable(value: object) -> Decimal | None:
    """The number of a JSON value, also of one written as a text. None for anything else, and for absurd numbers."""
    if isinstance(value, str) and not _NUMBER_TEXT.fullmatch(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite():
        return None
    if not number:
        return ZERO if abs(number.adjusted()) > _LARGEST_EXPONENT else number  # 0e-999999 would be a megabyte of zeros
    is_absurd = abs(number.adjusted()) > _LARGEST_EXPONENT or len(number.as_tuple().digits) > _MOST_DIGITS
    return None if is_absurd else number


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
