"""Gateway's holdings in v2 and v1 are parsed whole, and anything of another shape is refused."""

from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.holdings.parse import PortfolioUnreadable, identities, parse_portfolio
from gateway_backend.domain.holdings.portfolio import Leg, MutualFund
from gateway_backend.domain.shared.exact_json import loads
from testing.builders import PNB
from testing.portfolios import V1_PORTFOLIO, v2_portfolio

# v2 ----------------------------------------------------------------------------------------------


def test_the_optional_members_of_a_security_may_be_missing() -> None:
    (found,) = parse_portfolio(v2_portfolio(nseTicker=None)).securities

    assert (found.nse_ticker, found.nse, found.bse) == (None, Leg(), Leg())
    assert [found.collateral, found.in_smallcases] == [0, 0]
    assert found.suspended_on_nse is False


def test_an_empty_portfolio_is_a_portfolio() -> None:
    assert parse_portfolio({"securities": []}).size == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"securities": None},
        {"securities": "none"},
        {"securities": [5]},
        {"securities": {}},
        {"securities": {"holdings": {}}},
        {"securities": {"holdings": [{"ticker": "PNB"}]}},
        {"securities": {"holdings": [{"ticker": "PNB", "shares": 1}]}, "smallcases": []} | {"smallcases": [1]},
        {"securities": [], "mutualFunds": [1]},
        {"securities": [], "mutualFunds": {"holdings": [{"fund": "no quantity"}]}},
        v2_portfolio(holdings=None),
        v2_portfolio(holdings=5),
        v2_portfolio(holdings={"averagePrice": 5}),
        v2_portfolio(holdings={"quantity": "5"}),
        v2_portfolio(holdings={"quantity": True}),
        v2_portfolio(holdings={"quantity": Decimal("1e31")}),
        v2_portfolio(positions={"nse": []}),
        v2_portfolio(positions={"bse": {"quantity": "1"}}),
        v2_portfolio(positions=[1]),
        v2_portfolio(transactableQuantity="1"),
        v2_portfolio(isin=5),
        v2_portfolio(name=["PNB"]),
    ],
)
def test_an_answer_of_another_shape_is_unreadable(data: dict[str, Any]) -> None:
    with pytest.raises(PortfolioUnreadable):
        parse_portfolio(data)


def test_an_absurd_zero_does_not_become_a_million_digits() -> None:
    (found,) = parse_portfolio(
        v2_portfolio(holdings=loads('{"quantity":0e-999999,"averagePrice":0e999999}'))
    ).securities

    assert f"{found.demat.quantity:f} {found.demat.average_price:f}" == "0 0"


def test_funds_keep_their_decimals_and_may_be_named_by_their_symbol() -> None:
    holdings = [
        {
            "folio": "1/2",
            "fund": "A Fund",
            "isin": "INF1",
            "quantity": Decimal("12.3456"),
            "averagePrice": Decimal("8.1"),
        },
        {"tradingsymbol": "INF2", "quantity": 1},
    ]

    first, second = parse_portfolio({"securities": [], "mutualFunds": {"holdings": holdings}}).mutual_funds

    assert first == MutualFund("INF1", "A Fund", "1/2", Decimal("12.3456"), Decimal("8.1"))
    assert (second.name, second.isin, second.folio) == ("INF2", None, None)


# v1 ----------------------------------------------------------------------------------------------


def test_v1_quantities_include_the_shares_in_smallcases() -> None:
    portfolio = parse_portfolio(V1_PORTFOLIO)
    held = {found.nse_ticker: [found.demat.quantity, found.in_smallcases] for found in portfolio.securities}

    assert portfolio.version == "v1"
    assert held == {"PNB": [9, 5], None: [2, 0], "GOLDBEES": [1, 1]}


def test_private_smallcases_without_investments_are_accepted() -> None:
    private = {"private": {"stats": {"currentValue": 5, "totalReturns": 1}}}

    assert parse_portfolio(V1_PORTFOLIO | {"smallcases": private}).securities[0].demat.quantity == 4


# Identities -------------------------------------------------------------------------------------


def test_a_security_is_identified_by_its_isin_whatever_its_quantity() -> None:
    assert (
        identities(v2_portfolio(holdings={"quantity": 5}))
        == identities(v2_portfolio(holdings={"quantity": 6}))
        == {(PNB,)}
    )


@pytest.mark.parametrize(
    ("member", "identity"),
    [({"isin": None}, "PNB"), ({"isin": None, "nseTicker": None, "bseTicker": "BSEPNB"}, "BSEPNB")],
)
def test_a_security_without_isin_is_identified_by_its_ticker(member: dict[str, Any], identity: str) -> None:
    assert identities(v2_portfolio(name="Punjab National Bank", **member)) == {(identity,)}


def test_a_v1_security_held_in_smallcases_only_is_identified() -> None:
    assert identities(V1_PORTFOLIO) == {("PNB",), ("No ticker",), ("GOLDBEES",)}


def test_a_fund_is_identified_by_isin_and_folio() -> None:
    holdings = [{"isin": "INF1", "folio": "1", "quantity": 1}, {"isin": "INF1", "folio": "2", "quantity": 1}]

    assert identities({"securities": [], "mutualFunds": {"holdings": holdings}}) == {("INF1", "1"), ("INF1", "2")}
