"""Money: sums and products are exact, and only a quotient is rounded."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.money import (
    nearly_equal,
    net,
    product,
    quotient,
    readable,
    rounded_off,
    tidy,
    total,
    whole_shares,
)

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


@pytest.mark.parametrize("value", [0, 5, Decimal("18.95"), "18.95", " 7 ", "-0.5", "1e3", "0.10000000000000003"])
def test_a_number_is_readable_with_all_its_digits(value: object) -> None:
    assert readable(value) == Decimal(str(value).strip())


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, [], {}, "", "x", "NaN", "1_0", "\u0967", "1" * 60, Decimal("NaN"), Decimal("Infinity"), 1.5),
        *(Decimal("1e-999999"), Decimal("1e20000000"), 10**31, Decimal("1e-31"), Decimal("1." + "1" * 38)),
    ],
)
def test_what_is_no_number_or_an_absurd_one_is_unreadable(value: object) -> None:
    assert readable(value) is None


def test_an_absurd_zero_is_a_plain_zero() -> None:
    assert f"{readable(Decimal('0e-999999')):f}" == "0"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.1 + 0.2, "0.3", True),
        ("1000000", "1000000.001", True),
        ("1000000", "1000000.0011", False),
        ("1000000000", "1000000001", True),
        ("10", "10.0001", False),
        ("0", "1e-12", False),  # relative to the larger: `is_dust` says whether one is nothing
        ("5", "-5", False),
    ],
)
def test_numbers_are_nearly_equal_within_a_billionth_of_the_larger(a: Any, b: Any, expected: bool) -> None:
    assert nearly_equal(Decimal(a), Decimal(b)) is nearly_equal(Decimal(b), Decimal(a)) is expected


@pytest.mark.parametrize(
    ("quantities", "left"),
    [
        ([0.1 + 0.2, "-0.3"], 0),
        ([2.7755575615628914e-17], 0),
        (["12345678.1", "-12345678.1000000001"], 0),
        (["10", "-9.5"], Decimal("0.5")),
        ([], 0),
    ],
)
def test_what_binary_noise_leaves_of_a_sum_is_nothing(quantities: list[Any], left: Any) -> None:
    assert net([Decimal(quantity) for quantity in quantities]) == left


@pytest.mark.parametrize(("quantity", "shares"), [(9.999999999999998, 10), ("9.99", 9), ("10", 10), ("0", 0)])
def test_only_noise_is_rounded_to_a_whole_share(quantity: Any, shares: int) -> None:
    assert whole_shares(Decimal(quantity)) == shares


@given(st.decimals("0.0001", "100000000", places=4), st.floats(-1e-15, 1e-15))
def test_noise_does_not_change_what_a_quantity_is_rounded_off_to(quantity: Decimal, noise: float) -> None:
    assert rounded_off(quantity * (1 + Decimal(noise))) == rounded_off(quantity)


@given(st.integers(1, 10**6))
def test_one_share_more_is_rounded_off_to_another_text(shares: int) -> None:
    assert rounded_off(Decimal(shares)) != rounded_off(Decimal(shares + 1))
