"""A symbol of NSE may stand for two securities: a share and a preference share."""

from decimal import Decimal

from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.shared import exact_json
from testing.portfolios import FIXTURES

CASE = exact_json.loads((FIXTURES / "one-symbol-two-isins.json").read_text())


def test_a_v1_holding_joins_neither_of_two_securities_with_its_symbol() -> None:
    accounts = [
        AccountPortfolio("a", "kite", parse_portfolio(CASE["portfolio"])),
        AccountPortfolio("b", "groww", parse_portfolio(CASE["v1SecondAccount"])),
    ]

    rows = {row["isin"]: (row["quantity"], row["invested"]) for row in consolidate(accounts)["holdings"]}

    assert rows == {
        "INE919I01024": (100, Decimal(1250)),
        "INE919I04010": (5, None),
        None: (50, Decimal(650)),
    }


def test_a_v1_holding_joins_the_only_security_with_its_symbol() -> None:
    share = {"securities": CASE["portfolio"]["securities"][:1]}
    accounts = [
        AccountPortfolio("a", "kite", parse_portfolio(share)),
        AccountPortfolio("b", "groww", parse_portfolio(CASE["v1SecondAccount"])),
    ]

    (row,) = consolidate(accounts)["holdings"]

    assert (row["isin"], row["quantity"], row["invested"]) == ("INE919I01024", 150, Decimal(1900))
