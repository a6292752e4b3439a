"""The default portfolio has the oddities of real portfolios (contract 11, point 6)."""

from typing import Any

import pytest

from sandbox.accounts.default_portfolio import default_portfolio

Rows = list[dict[str, Any]]


@pytest.fixture
def rows() -> Rows:
    securities: Rows = default_portfolio("groww/AB1234")["securities"]
    return securities


def test_a_security_is_not_listed_on_nse(rows: Rows) -> None:
    assert any(row["nseTicker"] is None for row in rows)


def test_a_security_is_not_listed_on_bse(rows: Rows) -> None:
    assert any(row["bseTicker"] is None for row in rows)


def test_a_ticker_contains_an_ampersand(rows: Rows) -> None:
    assert any(row["nseTicker"] == "J&KBANK" for row in rows)


def test_a_security_is_pledged(rows: Rows) -> None:
    assert any(row.get("collateralQuantity") for row in rows)


def test_a_security_was_sold_today(rows: Rows) -> None:
    assert any(row["positions"]["nse"]["quantity"] < 0 for row in rows)


def test_a_security_has_no_purchase_price(rows: Rows) -> None:
    assert any(row["holdings"]["averagePrice"] == 0 for row in rows)


def test_no_security_comes_twice(rows: Rows) -> None:
    assert len({row["isin"] for row in rows}) == len(rows)


def test_shares_in_demat_and_positions_can_be_sold(rows: Rows) -> None:
    assert all(
        row["transactableQuantity"] == row["holdings"]["quantity"] + row["positions"]["nse"]["quantity"]
        for row in rows
        if row["nseTicker"]
    )


def test_the_same_seed_makes_the_same_portfolio(rows: Rows) -> None:
    assert default_portfolio("groww/AB1234")["securities"] == rows


def test_another_seed_makes_another_portfolio(rows: Rows) -> None:
    assert default_portfolio("groww/ZZ9999")["securities"] != rows
