"""A mutual fund statement, whose shape is documented in words only."""

from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.holdings.statement import parse_statement

ROW = {"folio": "123/45", "scheme": "Flexi Cap", "isin": "INF879O01027", "units": Decimal("153.482")}


@pytest.mark.parametrize(
    "data", [{"summary": [ROW]}, {"dtSummary": [ROW], "dtTransaction": []}, {"data": {"payload": {"dtSummary": [ROW]}}}]
)
def test_the_summary_is_found_wherever_it_stands(data: dict[str, Any]) -> None:
    (fund,) = parse_statement(data).mutual_funds

    assert (fund.isin, fund.name, fund.folio, fund.units) == (
        "INF879O01027",
        "Flexi Cap",
        "123/45",
        Decimal("153.482"),
    )
    assert fund.average_price == 0, "its cost is unknown"


def test_the_cost_of_all_units_gives_the_average_price() -> None:
    (fund,) = parse_statement({"summary": [ROW | {"units": 4, "costValue": "1000"}]}).mutual_funds

    assert fund.average_price == 250


@pytest.mark.parametrize("units", [None, "", "many", [], Decimal("1e99")])
def test_a_scheme_whose_units_cannot_be_read_hides_no_other(units: Any) -> None:
    found = parse_statement({"summary": [ROW | {"units": units}, ROW]})

    assert (len(found.mutual_funds), [row.folio for row in found.unreadable]) == (1, ["123/45"])


@pytest.mark.parametrize("data", [None, [], {}, {"summary": None}, {"summary": [1, "x"]}, {"transactions": [ROW]}])
def test_what_has_no_summary_has_no_funds(data: Any) -> None:
    assert parse_statement(data).mutual_funds == ()
