"""A zero price is unknown: a price that was known stays while the quantity does."""

from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.holdings.known_prices import fill_prices, keep_prices, lacks_prices
from gateway_backend.domain.holdings.portfolio import MutualFund, Portfolio, Security
from testing.builders import leg, mutual_fund, security


def portfolio(*held: Security | MutualFund) -> Portfolio:
    stocks = tuple(item for item in held if isinstance(item, Security))
    return Portfolio("v2", stocks, tuple(item for item in held if isinstance(item, MutualFund)))


def kept(before: Portfolio, after: Portfolio) -> Portfolio:
    return fill_prices(after, keep_prices(before, after))


@pytest.mark.parametrize("place", ["demat", "nse", "bse"])
def test_a_known_price_stays_while_the_quantity_does(place: str) -> None:
    priced: Any = {place: leg(10, "420.10")}
    unpriced: Any = {place: leg(10, 0)}
    before = portfolio(security(quantity=0)._replace(**priced))
    after = portfolio(security(quantity=0)._replace(**unpriced))

    assert kept(before, after) == before


def test_a_funds_price_stays_too() -> None:
    assert kept(portfolio(mutual_fund()), portfolio(mutual_fund(price="0"))) == portfolio(mutual_fund())


def test_binary_noise_is_no_other_quantity() -> None:
    before, after = portfolio(mutual_fund("0.3", "8.1")), portfolio(mutual_fund(str(0.1 + 0.2), "0"))

    assert list(keep_prices(before, after).values()) == [Decimal("8.1")]


def test_another_quantity_has_another_average() -> None:
    after = portfolio(security(quantity=11, price=0))

    assert kept(portfolio(security(quantity=10)), after) == after


def test_a_new_price_replaces_the_known_one() -> None:
    after = portfolio(security(price="51"))

    assert kept(portfolio(security(price="50")), after) == after


def test_two_lots_of_one_name_are_not_told_apart_by_guess() -> None:
    before = portfolio(security(price="50"), security(price="60"))
    after = portfolio(security(price=0), security(price=0))

    assert keep_prices(before, after) == {}


def test_the_funds_of_two_folios_are_two() -> None:
    before = portfolio(mutual_fund(folio="1", price="5"), mutual_fund(folio="2", price="6"))
    after = portfolio(mutual_fund(folio="1", price="0"), mutual_fund(folio="2", price="6"))

    assert kept(before, after) == before


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        (security(), False),
        (security(price=0), True),
        (security(quantity=0, price=0), False),
        (mutual_fund(price="0"), True),
    ],
)
def test_only_what_is_held_can_lack_a_price(held: Security | MutualFund, lacking: bool) -> None:
    assert lacks_prices(portfolio(held)) is lacking


def test_nothing_is_kept_of_what_was_not_held() -> None:
    assert keep_prices(portfolio(), portfolio(security(price=0))) == {}
    assert Decimal(0) not in keep_prices(portfolio(security(price=0)), portfolio(security(price=0))).values()
