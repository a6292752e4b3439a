"""Consolidating accounts: every holding is added up by ISIN, exactly."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Security
from gateway_backend.domain.shared.exact_json import loads
from testing.builders import PNB, account, leg, mutual_fund, security
from testing.portfolios import FIXTURES, GUIDE_002, V1_PORTFOLIO, v2_portfolio

JK_BANK = "INE168A01041"
QUANTITIES = ("quantity", "demat", "nse", "bse", "collateral", "inSmallcases", "transactable")


def rows(*accounts: AccountPortfolio) -> list[dict[str, Any]]:
    return list(consolidate(accounts)["holdings"])


def row(*accounts: AccountPortfolio) -> dict[str, Any]:
    (only,) = rows(*accounts)
    return only


@pytest.fixture(scope="module")
def guide_002() -> dict[str, dict[str, Any]]:
    portfolio = parse_portfolio(loads(GUIDE_002)["data"])
    return {found["isin"]: found for found in rows(AccountPortfolio("6195e288360acf9ebc060d23", "groww", portfolio))}


SHARES = st.integers(-(10**6), 10**9).map(Decimal)
PRICES = st.just(Decimal(0)) | st.decimals(0, 10**6, places=4)
LEGS = st.builds(Leg, SHARES, PRICES)
LISTED = {"J&KBANK": JK_BANK, "PNB": PNB, "SUZLON": "INE040H01021"}
NAMED = st.sampled_from([*LISTED.items(), *((ticker, None) for ticker in LISTED), (None, JK_BANK)])
SECURITIES = st.builds(
    lambda named, **held: Security(named[1], "A name", named[0], None, **held),
    NAMED,
    demat=LEGS,
    nse=LEGS,
    bse=LEGS,
    transactable=SHARES,
    in_smallcases=SHARES,
    collateral=SHARES,
)
ACCOUNTS = st.lists(st.lists(SECURITIES, max_size=4), max_size=4).map(
    lambda held: [account(f"account-{number}", *securities) for number, securities in enumerate(held)]
)


# Guide 002 ---------------------------------------------------------------------------------------


def test_guide_002_has_six_shares_of_jk_bank_and_five_can_be_sold(guide_002: Mapping[str, Any]) -> None:
    bank = guide_002[JK_BANK]

    assert bank["nseTicker"] == "J&KBANK"
    assert [bank[name] for name in QUANTITIES] == [6, 4, 1, 1, 0, 2, 5]
    assert bank["averagePrice"] == Decimal("35.82")
    assert bank["invested"] == Decimal("214.92")


def test_guide_002_has_six_securities_and_none_twice_for_being_in_a_smallcase(guide_002: Mapping[str, Any]) -> None:
    assert len(guide_002) == 6
    assert "NIFTYBEES" not in {found["nseTicker"] for found in guide_002.values()}


def test_v2_shares_in_smallcases_are_shown_beside_and_never_added() -> None:
    data = v2_portfolio(smallcaseQuantity=1) | {"smallcases": V1_PORTFOLIO["smallcases"]}

    found = row(AccountPortfolio("a", "groww", parse_portfolio(data)))

    assert (found["quantity"], found["inSmallcases"]) == (1, 1)


# Accounts ----------------------------------------------------------------------------------------


def test_an_empty_portfolio_has_no_rows() -> None:
    nothing = {"invested": 0, "held": 0, "withoutCost": 0}

    assert consolidate([account("a")]) == {
        "invested": 0,
        "totals": {"securities": nothing, "mutualFunds": nothing, "unreadable": 0},
        "holdings": [],
        "mutualFunds": [],
        "unreadable": [],
    }


def test_accounts_add_up_by_isin_with_their_parts_beside() -> None:
    found = row(
        account("a", security(quantity=10, price="50")), account("b", security(quantity=30, price="70"), broker="kite")
    )

    assert (found["quantity"], found["averagePrice"], found["invested"]) == (40, 65, 2600)
    assert [(part["smallcaseAuthId"], part["broker"], part["quantity"]) for part in found["accounts"]] == [
        ("a", "groww", 10),
        ("b", "kite", 30),
    ]


def test_sums_over_accounts_are_exact() -> None:
    tenths = [account(str(number), security(quantity=1, price="0.1")) for number in range(1000)]

    assert row(*tenths)["invested"] == 100


def test_net_sales_reduce_the_quantity_and_leave_at_the_average() -> None:
    found = row(account("a", security(quantity=10, price="50", nse=leg(-4, "90"), bse=leg(2, "80"))))

    assert (found["quantity"], found["nse"], found["bse"]) == (8, -4, 2)
    assert found["averagePrice"] == 55  # (10×50 + 2×80) / 12; what a share was sold for does not matter
    assert found["invested"] == 440


def test_what_binary_noise_leaves_of_a_sale_is_not_held() -> None:
    found = row(account("a", security(quantity=0.1 + 0.2, price="50", nse=leg("-0.3"))))

    assert (found["quantity"], found["averagePrice"], found["invested"]) == (0, None, 0)
    assert found["demat"] == Decimal(0.1 + 0.2), "the broker's own digits"


def test_dust_of_unknown_cost_does_not_hide_the_cost_of_the_rest() -> None:
    found = row(account("a", security(quantity=10, price="50", nse=leg("1e-15"))))

    assert (found["averagePrice"], found["invested"]) == (50, 500)


def test_a_single_purchase_price_stays_exact() -> None:
    found = row(account("a", security(quantity=3, price="35.8234567890123")))

    assert (found["averagePrice"], found["invested"]) == (Decimal("35.8234567890123"), Decimal("107.4703703670369"))
    assert found["accounts"][0]["averagePrice"] == found["averagePrice"]


def test_the_invested_amount_after_a_sale_is_not_rounded_share_by_share() -> None:
    found = row(account("a", security(quantity=10**6, price="10", nse=leg(2 * 10**6, "11"), bse=leg(-1_500_000))))

    assert (found["averagePrice"], found["invested"]) == (Decimal("10.66666667"), 16_000_000)


def test_a_sale_leaves_at_the_average_of_its_own_account() -> None:
    found = row(
        account("a", security(quantity=10, price="100")), account("b", security(quantity=10, price="50", nse=leg(-5)))
    )

    assert [part["invested"] for part in found["accounts"]] == [1000, 250]
    assert (found["quantity"], found["invested"]) == (15, 1250)
    assert found["averagePrice"] == Decimal("83.33333333")


def test_a_short_position_is_shown_and_nothing_is_invested_in_it() -> None:
    found = row(account("a", security(quantity=0, price="0", nse=leg(-3, "90"))))

    assert (found["quantity"], found["invested"], found["averagePrice"], found["weight"]) == (-3, 0, None, None)


def test_a_zero_average_price_means_that_the_cost_is_unknown() -> None:
    first, second = rows(account("a", security("INE1", price="0"), security("INE2", price="50")))

    assert (second["isin"], second["averagePrice"], second["invested"], second["weight"]) == ("INE1", None, None, None)
    assert (first["isin"], first["weight"]) == ("INE2", 1)


def test_shares_of_unknown_cost_make_the_amount_and_the_average_unknown() -> None:
    """An average over the rest would pass for the whole."""
    within_one = row(account("a", security(quantity=10, price="50", nse=leg(5, "0"))))
    over_two = row(account("a", security(quantity=10, price="50")), account("b", security(quantity=5, price="0")))

    assert [(found["quantity"], found["averagePrice"], found["invested"]) for found in (within_one, over_two)] == [
        (15, None, None)
    ] * 2
    assert [part["averagePrice"] for part in over_two["accounts"]] == [50, None], "a part that is known is shown"


def test_pledged_shares_are_shown_and_neither_added_nor_subtracted() -> None:
    found = row(account("a", security(quantity=10, collateral=Decimal(4), transactable=Decimal(10))))

    assert (found["quantity"], found["collateral"], found["transactable"]) == (10, 4, 10)


def test_a_security_suspended_in_any_account_is_marked() -> None:
    assert row(account("a", security(suspended_on_bse=True)), account("b", security()))["suspended"] is True
    assert row(account("a", security()))["suspended"] is False


def test_a_suspended_security_says_on_which_exchange() -> None:
    case = json.loads((FIXTURES / "suspended-on-bse-only.json").read_text())
    held = AccountPortfolio("a", "groww", parse_portfolio(case["portfolio"]))

    assert row(held)["suspendedOn"] == ["BSE"]
    assert row(account("a", security(suspended_on_nse=True, suspended_on_bse=True)))["suspendedOn"] == ["NSE", "BSE"]
    assert row(account("a", security()))["suspendedOn"] == []


def test_tickers_may_be_missing_for_some_or_for_all() -> None:
    nowhere = security("INE1", name="Delisted", nse_ticker=None, bse_ticker=None)
    bse_only = security("INE2", name="On BSE", nse_ticker=None, bse_ticker="BSEONLY")

    found = {f["isin"]: (f["nseTicker"], f["bseTicker"]) for f in rows(account("a", nowhere, bse_only))}

    assert found == {"INE1": (None, None), "INE2": (None, "BSEONLY")}


def test_a_ticker_missing_in_an_account_is_taken_from_another() -> None:
    first = security(nse_ticker=None, bse_ticker=None)

    assert row(account("a", first), account("b", security()))["nseTicker"] == "PNB"


def test_a_security_without_isin_joins_the_isin_of_its_ticker_in_any_order() -> None:
    without_isin, with_isin = account("a", security(None, quantity=1, name="PNB")), account("b", security(quantity=2))

    for found in (row(without_isin, with_isin), row(with_isin, without_isin)):
        assert (found["isin"], found["name"], found["quantity"]) == (PNB, "Punjab National Bank", 3)


def test_securities_that_share_nothing_stay_apart() -> None:
    held = [
        security(None, name="One", nse_ticker=None, bse_ticker=None),
        security(None, name="Two", nse_ticker=None, bse_ticker=None),
        security(None, name="Three", nse_ticker="SAME", bse_ticker=None),
        security(None, name="Four", nse_ticker=None, bse_ticker="SAME"),
    ]

    assert {found["name"] for found in rows(account("a", *held))} == {"One", "Two", "Three", "Four"}


def test_funds_add_up_by_isin_with_a_part_for_every_folio() -> None:
    (found,) = consolidate(
        [account("a", mutual_fund("12.3456", "10", "1")), account("b", mutual_fund("0.6544", "20", "2"))]
    )["mutualFunds"]

    assert found["units"] == Decimal("13.0000")
    assert found["invested"] == Decimal("136.544")
    assert [(part["folio"], part["units"]) for part in found["accounts"]] == [
        ("1", Decimal("12.3456")),
        ("2", Decimal("0.6544")),
    ]


def test_a_fund_is_identified_by_its_isin_and_not_by_its_name() -> None:
    renamed = MutualFund("INF1", "A Fund - Direct", None, Decimal(1), Decimal(1))
    plans = (mutual_fund("1", "1", isin="INF2"), mutual_fund("1", "1", isin="INF3"))

    assert len(consolidate([account("a", mutual_fund("1", "1")), account("b", renamed)])["mutualFunds"]) == 1
    assert len(consolidate([account("a", *plans)])["mutualFunds"]) == 2


def test_rows_are_sorted_by_the_amount_invested() -> None:
    found = rows(account("a", security("INE1", 1, "10"), security("INE2", 1, "30"), security("INE3", 1, "0")))

    assert [item["isin"] for item in found] == ["INE2", "INE1", "INE3"]


# Any accounts ------------------------------------------------------------------------------------


@given(ACCOUNTS)
def test_no_share_is_lost_or_counted_twice(accounts: list[AccountPortfolio]) -> None:
    held = [item for account in accounts for item in account.portfolio.securities]

    assert sum(found["quantity"] for found in rows(*accounts)) == sum(
        item.demat.quantity + item.nse.quantity + item.bse.quantity for item in held
    )


@given(ACCOUNTS)
def test_the_parts_of_a_row_sum_to_the_row(accounts: list[AccountPortfolio]) -> None:
    for found in rows(*accounts):
        for name in QUANTITIES:
            assert found[name] == sum(part[name] for part in found["accounts"])
        if found["invested"] is not None:
            assert found["invested"] == sum(part["invested"] for part in found["accounts"] if part["quantity"] > 0)


@given(ACCOUNTS)
def test_weights_sum_to_one(accounts: list[AccountPortfolio]) -> None:
    weights = [found["weight"] for found in rows(*accounts) if found["weight"] is not None]

    assert not weights or abs(sum(weights) - 1) < Decimal("1e-6")
    assert all(0 <= weight <= 1 for weight in weights)


@given(ACCOUNTS, st.randoms())
def test_the_order_of_accounts_changes_nothing(accounts: list[AccountPortfolio], random: Any) -> None:
    def quantities(some: list[AccountPortfolio]) -> dict[str, list[Decimal]]:
        return {found["isin"] or found["nseTicker"]: [found[name] for name in QUANTITIES] for found in rows(*some)}

    assert quantities(random.sample(accounts, len(accounts))) == quantities(accounts)
