"""Decimal arithmetic for prices and quantities: exact sums and products, rounding only where a quotient forces it."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

ZERO = Decimal(0)
_MOST_DIGITS, _LARGEST_EXPONENT = 38, 30
"""Of a number that counts as readable: what DynamoDB holds, and no more rupees or shares than there are."""

DUST = Decimal("1e-9")
"""Of the larger number: what doubles add of their own, 0.1 + 0.2 for one. Nobody holds a billionth of a share."""

_EXACT = Context(prec=100)
_EIGHT_DIGITS = Context(prec=8)
_PI = Decimal("3.14159265358979")
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


def net(quantities: Sequence[Decimal]) -> Decimal:
    """Their sum, which is zero where only binary noise is left of them."""
    left = total(quantities)
    return ZERO if is_dust(left) or abs(left) <= DUST * max(map(abs, quantities)) else left


def is_dust(quantity: Decimal) -> bool:
    """Too little to be held: zero, or what binary noise leaves of it."""
    return abs(quantity) < DUST


def nearly_equal(a: Decimal, b: Decimal) -> bool:
    """Equal but for binary noise: within a billionth of the larger."""
    return a == b or abs(a - b) <= DUST * max(abs(a), abs(b))


def whole_shares(quantity: Decimal) -> int:
    """Without a fraction of a share; 9.999999999999998 are ten."""
    nearest = quantity.to_integral_value()
    return int(nearest if nearly_equal(nearest, quantity) else quantity)


def rounded_off(quantity: Decimal) -> str:
    """The same text for quantities that are nearly equal, and for next to no others: for comparing by a hash.

    Rounded as a multiple of pi, because no quantity with few digits lies where that rounds one way or the other.
    """
    if is_dust(quantity):
        return "0"
    with localcontext(_EIGHT_DIGITS):
        return str((quantity * _PI).normalize())


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
