"""Gateway's holdings in v2 and v1 are parsed whole, and anything of another shape is refused."""

from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.holdings.parse import PortfolioUnreadable, identities, parse_portfolio
from gateway_backend.domain.holdings.portfolio import Leg, MutualFund, UnreadableRow
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
    "data", [{}, {"securities": None}, {"securities": "none"}, {"securities": {}}, {"securities": {"holdings": {}}}]
)
def test_an_answer_of_another_shape_is_unreadable(data: dict[str, Any]) -> None:
    with pytest.raises(PortfolioUnreadable):
        parse_portfolio(data)


OTHER = {"holdings": {"quantity": 5}, "isin": "INE002A01018", "name": "Reliance"}
ODD: list[Any] = [None, 5, []]
ODD_POSITIONS: list[Any] = ["x", [1], {"bse": []}, {"nse": {}}]
ABSURD: list[Any] = [None, "many", "", True, [], {}, Decimal("1e31"), Decimal("1e-999999"), Decimal("NaN")]


@pytest.mark.parametrize(
    "member",
    [
        *({"holdings": {"quantity": quantity, "averagePrice": 5}} for quantity in ABSURD),
        *({"positions": {"nse": {"quantity": quantity}}} for quantity in ABSURD),
        *({"holdings": value} for value in ODD),
        *({"positions": value} for value in ODD_POSITIONS),
    ],
)
def test_a_row_whose_quantity_cannot_be_read_is_kept_and_hides_no_other(member: dict[str, Any]) -> None:
    row = v2_portfolio(**member)["securities"][0]
    found = parse_portfolio({"securities": [row, OTHER]})

    assert found.unreadable == (UnreadableRow(PNB, "PNB", "PNB"),)
    assert [security.name for security in found.securities] == ["Reliance"]
    assert found.size == 2


@pytest.mark.parametrize("row", [None, 5, "text", [], {}])
def test_what_is_no_row_is_kept_without_a_name(row: Any) -> None:
    found = parse_portfolio({"securities": [row, OTHER]})

    assert (found.unreadable, len(found.securities)) == ((UnreadableRow(),), 1)


@pytest.mark.parametrize("name", ["transactableQuantity", "smallcaseQuantity", "collateralQuantity"])
@pytest.mark.parametrize("value", ["many", [], {}, Decimal("1e99")])
def test_a_quantity_beside_what_is_held_costs_only_itself(name: str, value: Any) -> None:
    (found,) = parse_portfolio(v2_portfolio(**{name: value})).securities

    assert [found.demat.quantity, found.transactable, found.in_smallcases, found.collateral] == [1, 0, 0, 0]


@pytest.mark.parametrize("price", [None, "many", [], Decimal("1e-999999")])
def test_a_price_that_cannot_be_read_is_unknown(price: Any) -> None:
    (found,) = parse_portfolio(v2_portfolio(holdings={"quantity": 4, "averagePrice": price})).securities

    assert found.demat == Leg(Decimal(4), Decimal(0))


@pytest.mark.parametrize("name", ["isin", "name", "nseTicker", "bseTicker"])
def test_a_name_that_is_no_text_is_missing(name: str) -> None:
    odd: list[Any] = [5, [], {"a": 1}, True]
    for value in odd:
        (found,) = parse_portfolio(v2_portfolio(**{name: value})).securities
        assert None in (found.isin, found.name or None, found.nse_ticker, found.bse_ticker)


def test_a_quantity_may_be_written_as_a_text() -> None:
    (found,) = parse_portfolio(v2_portfolio(holdings={"quantity": "5", "averagePrice": "2.50"})).securities

    assert found.demat == Leg(Decimal(5), Decimal("2.50"))


@pytest.mark.parametrize("funds", [[1], {"holdings": {}}, {"holdings": [{"fund": "A", "quantity": None}]}, "x"])
def test_unreadable_funds_hide_no_security(funds: Any) -> None:
    found = parse_portfolio({"securities": [OTHER], "mutualFunds": funds})

    assert (len(found.securities), len(found.unreadable)) == (1, 1)
    assert found.unreadable[0].is_fund


def test_a_row_of_zeros_is_nothing_that_is_held() -> None:
    zeros = v2_portfolio(holdings={"quantity": 0}, positions={"nse": {"quantity": 0}, "bse": {"quantity": 0}})

    assert parse_portfolio(zeros).size == 0
    assert identities(zeros) == set()


@pytest.mark.parametrize("dust", [2.8e-17, Decimal("2.8e-17"), "0.00000000000000002", -1e-12])
def test_a_row_of_dust_is_nothing_that_is_held(dust: Any) -> None:
    assert identities(v2_portfolio(holdings={"quantity": dust})) == set()


def test_a_position_alone_is_held() -> None:
    bought = v2_portfolio(holdings={"quantity": 0}, positions={"nse": {"quantity": 3}})

    assert parse_portfolio(bought).size == 1
    assert identities(bought) == {(PNB,)}


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


def test_a_v1_row_whose_shares_cannot_be_read_hides_no_other() -> None:
    odd = {"securities": {"holdings": [{"ticker": "PNB"}, {"ticker": "TCS", "shares": 2}]}, "smallcases": [1]}
    found = parse_portfolio(odd)

    assert found.unreadable == (UnreadableRow(nse_ticker="PNB"),)
    assert [security.nse_ticker for security in found.securities] == ["TCS"]


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
