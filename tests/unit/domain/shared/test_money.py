"""Money: sums and products are exact, and only a quotient is rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.money import product, quotient, tidy, total

AMOUNTS = st.decimals(-(10**15), 10**15, places=14)


@given(st.lists(AMOUNTS, max_size=30))
def test_a_sum_is_exact(numbers: list[Decimal]) -> None:
    assert Fraction(total(numbers)) == sum(map(Fraction, numbers))


def test_a_thousand_small_amounts_lose_nothing_beside_a_large_one() -> None:
    assert total([Decimal(10**30), *[Decimal("0.1")] * 1000]) == Decimal(10**30 + 100)


@given(AMOUNTS, AMOUNTS)
def test_a_product_is_exact(a: Decimal, b: Decimal) -> None:
    assert Fraction(product(a, b)) == Fraction(a) * Fraction(b)


@given(AMOUNTS, AMOUNTS.filter(bool))
def test_a_quotient_is_right_to_eight_places(a: Decimal, b: Decimal) -> None:
    assert abs(Fraction(quotient(a, b)) - Fraction(a) / Fraction(b)) <= Fraction(5, 10**9)


@pytest.mark.parametrize(
    ("number", "plain"), [("36.680", "36.68"), ("1E+2", "100"), ("0.00", "0"), ("-0.50", "-0.5"), ("12", "12")]
)
def test_tidy_drops_trailing_zeros_and_exponents(number: str, plain: str) -> None:
    assert str(tidy(Decimal(number))) == plain
