"""Totals of securities and funds together, and each fund counted once."""

from copy import replace
from decimal import Decimal

import pytest

from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, MutualFund
from testing.builders import account, leg, mutual_fund, security


def statement_of(fund: MutualFund) -> AccountPortfolio:
    return replace(account("", fund, broker=""), transaction_id="TRX_1")


def test_the_totals_say_what_they_leave_out_and_count_funds() -> None:
    known, unknown = security("INE1", 10, "50"), security("INE2", 5, "0")
    fund, gift = mutual_fund("10", "78.43"), mutual_fund("5", "0", folio="2", isin="INF2", name="B Fund")
    short = security("INE3", 0, "0", nse=leg(-3, "90"))

    found = consolidate([account("a", known, unknown, short, fund, gift)])

    assert found["invested"] == Decimal("1284.3")
    assert found["totals"] == {
        "securities": {"invested": 500, "held": 2, "withoutCost": 1},
        "mutualFunds": {"invested": Decimal("784.3"), "held": 2, "withoutCost": 1},
        "unreadable": 0,
    }


def test_the_weights_of_securities_and_funds_are_of_the_whole() -> None:
    found = consolidate([account("a", security(quantity=10, price="50"), mutual_fund("10", "150"))])

    assert [row["weight"] for row in (*found["holdings"], *found["mutualFunds"])] == [Decimal("0.25"), Decimal("0.75")]


def test_a_fund_of_a_statement_stands_beside_those_of_brokers() -> None:
    statement = statement_of(mutual_fund("5", "100", folio="9", isin="INF2"))

    rows = {row["isin"]: row for row in consolidate([account("a", mutual_fund()), statement])["mutualFunds"]}

    assert rows["INF2"]["accounts"][0] == {
        "smallcaseAuthId": None,
        "broker": None,
        "transactionId": "TRX_1",
        "folio": "9",
        "units": 5,
        "averagePrice": 100,
        "invested": 500,
    }


@pytest.mark.parametrize(
    ("at_broker", "in_statement"),
    [
        (mutual_fund(folio="12345"), mutual_fund(folio="12345")),
        (mutual_fund(folio="0012345 / 0"), mutual_fund(folio="12345")),
        (mutual_fund(folio="12345", isin=None), mutual_fund(folio="12345", name="a fund")),
    ],
)
def test_a_folio_that_a_broker_has_is_counted_once(at_broker: MutualFund, in_statement: MutualFund) -> None:
    statement = statement_of(in_statement)

    for accounts in ([account("a", at_broker), statement], [statement, account("a", at_broker)]):
        (row,) = consolidate(accounts)["mutualFunds"]
        assert [part["smallcaseAuthId"] for part in row["accounts"]] == ["a"]


def test_two_schemes_of_a_folio_are_two() -> None:
    statement = statement_of(mutual_fund(folio="1", isin="INF2", name="B Fund"))

    assert len(consolidate([account("a", mutual_fund(folio="1")), statement])["mutualFunds"]) == 2
