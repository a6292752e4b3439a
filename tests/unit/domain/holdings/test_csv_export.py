"""The CSV export: a spreadsheet reads it, takes numbers for numbers and nothing for a formula."""

import csv
import io
from copy import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.csv_export import COLUMNS, to_csv
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Portfolio, Security
from gateway_backend.domain.shared import exact_json
from testing.portfolios import FIXTURES

BYTE_ORDER_MARK = "\ufeff"
AS_OF = "2026-11-20T10:00:00.000Z"


def sheet(*securities: Security, funds: tuple[MutualFund, ...] = (), broker: str = "groww") -> list[dict[str, str]]:
    """The rows as a reader of CSV sees them."""
    accounts = [AccountPortfolio("acc1", broker, Portfolio("v2", securities, funds))]
    lines = csv.DictReader(
        io.StringIO(to_csv(consolidate(accounts), {"acc1": AS_OF}).removeprefix(BYTE_ORDER_MARK), newline=""),
        strict=True,
    )
    assert lines.fieldnames == list(COLUMNS)
    return list(lines)


def security(name: str = "Punjab National Bank", quantity: str = "10", price: str = "36.05", **more: Any) -> Security:
    facts = {"isin": "INE160A01022", "nse_ticker": "PNB", "bse_ticker": "PNB"} | more
    return Security(name=name, demat=Leg(Decimal(quantity), Decimal(price)), **facts)


def test_a_row_names_the_holding_its_account_and_its_date() -> None:
    assert sheet(security()) == [
        {
            "ISIN": "INE160A01022",
            "Symbol": "PNB",
            "Exchange": "NSE",
            "Name": "Punjab National Bank",
            "Quantity": "10",
            "Average Price": "36.05",
            "Invested": "360.5",
            "Currency": "INR",
            "Broker": "groww",
            "Account": "acc1",
            "As Of": AS_OF,
        }
    ]


def test_an_empty_portfolio_is_a_header_alone() -> None:
    assert to_csv(consolidate([]), {}) == BYTE_ORDER_MARK + ",".join(COLUMNS) + "\r\n"


def test_it_begins_with_the_mark_by_which_a_spreadsheet_knows_utf_8() -> None:
    assert to_csv(consolidate([]), {}).encode().startswith(b"\xef\xbb\xbf")


def test_a_formula_behind_blanks_or_in_full_width_is_no_formula() -> None:
    case = exact_json.loads((FIXTURES / "csv-cells.json").read_text())["portfolio"]
    portfolio = parse_portfolio(case)

    rows = sheet(*portfolio.securities, funds=portfolio.mutual_funds)

    names = {row["Symbol"]: row["Name"] for row in rows}
    assert [names[f"SYM{number}"] for number in range(4)] == ["' =1+1", "'\xa0=1+1", "'＝1+1", "टाटा स्टील"]
    assert {row["Symbol"]: row["Invested"] for row in rows if row["Exchange"] == "MF"} == {
        "'10/12": "784.3",
        "'0012345": "200",
    }


@pytest.mark.parametrize(
    ("folio", "cell"),
    [
        ("0012345", "'0012345"),
        ("10/12", "'10/12"),
        ("1-2-2026", "'1-2-2026"),
        ("12E5", "'12E5"),
        ("1077735214", "'1077735214"),
        ("910123456/78A", "910123456/78A"),
        ("ABC12", "ABC12"),
    ],
)
def test_a_folio_stays_text(folio: str, cell: str) -> None:
    (row,) = sheet(funds=(MutualFund("INF1", "A Fund", folio, Decimal(1), Decimal(2)),))

    assert row["Symbol"] == cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_name_or_ticker_is_never_taken_for_a_formula(start: str) -> None:
    (row,) = sheet(security(name=f"{start}HYPERLINK(1)", nse_ticker=f"{start}1"), broker=f"{start}1")

    assert (row["Name"], row["Symbol"], row["Broker"]) == (f"'{start}HYPERLINK(1)", f"'{start}1", f"'{start}1")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_stays_in_its_cell(name: str) -> None:
    (row,) = sheet(security(name=name))

    assert row["Name"].removeprefix("'") == name.removeprefix("'")
    assert row["Quantity"] == "10"


def test_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    (row,) = sheet(security(name='Larsen, "L&T"\r\nLtd'))

    assert row["Name"] == 'Larsen, "L&T"\r\nLtd'


def test_negative_and_very_small_numbers_stay_numbers() -> None:
    (row,) = sheet(security(quantity="-3"), funds=())
    (fund,) = sheet(funds=(MutualFund("INF1", "A Fund", "12/3", Decimal("0.00000001"), Decimal("1E+3")),))

    assert row["Quantity"] == "-3"
    assert (fund["Quantity"], fund["Average Price"]) == ("0.00000001", "1000")
    assert (fund["Symbol"], fund["Exchange"]) == ("'12/3", "MF")


def test_an_unknown_cost_is_an_empty_cell() -> None:
    (row,) = sheet(security(price="0"))

    assert (row["Average Price"], row["Invested"]) == ("", "")


@pytest.mark.parametrize(
    ("nse", "bse", "cells"),
    [(None, "BSEONLY", ("BSEONLY", "BSE")), (None, None, ("", "")), ("J&KBANK", None, ("J&KBANK", "NSE"))],
)
def test_the_symbol_is_the_nse_ticker_or_else_the_bse_ticker(
    nse: str | None, bse: str | None, cells: tuple[str, str]
) -> None:
    (row,) = sheet(security(nse_ticker=nse, bse_ticker=bse))

    assert (row["Symbol"], row["Exchange"]) == cells


def test_a_security_sold_out_makes_no_row() -> None:
    assert sheet(security(quantity="0")) == []


def test_what_only_binary_noise_is_left_of_makes_no_row() -> None:
    bought, sold = Leg(Decimal(0.1 + 0.2), Decimal(5)), Leg(Decimal("-0.3"))
    fund = MutualFund("INF1", "A Fund", "1/2", Decimal("2.8e-17"), Decimal(5))

    assert sheet(replace(security(), demat=bought, nse=sold), funds=(fund,)) == []
