"""What changed between two portfolios: purchases are purchases, splits are not, transfers are nothing."""

from collections.abc import Sequence
from copy import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway_backend.domain.holdings.changes import AssetClass, Kind, compare
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Portfolio, Security
from gateway_backend.domain.shared.exact_json import dumps

PNB, NEW_PNB = "INE160A01014", "INE160A01022"


def security(isin: str | None = PNB, quantity: Any = 10, price: Any = "50", **more: Any) -> Security:
    facts = {"name": "Punjab National Bank", "nse_ticker": "PNB", "bse_ticker": "PNBBSE"} | more
    return Security(isin=isin, demat=Leg(Decimal(quantity), Decimal(price)), **facts)


def fund(units: str = "12.345", price: str = "8.1", isin: str | None = "INF1", name: str = "A Fund") -> MutualFund:
    return MutualFund(isin, name, "1/2", Decimal(units), Decimal(price))


def account(name: str, *held: Security | MutualFund) -> AccountPortfolio:
    securities = tuple(item for item in held if isinstance(item, Security))
    funds = tuple(item for item in held if isinstance(item, MutualFund))
    return AccountPortfolio(name, "groww", Portfolio("v2", securities, funds))


def changes(before: Sequence[Security | MutualFund], after: Sequence[Security | MutualFund]) -> list[dict[str, Any]]:
    return compare([account("a", *before)], [account("a", *after)])


def change(before: Security | MutualFund | None, after: Security | MutualFund | None) -> dict[str, Any]:
    (only,) = changes([before] if before else [], [after] if after else [])
    return only


def kinds(
    before: Sequence[Security | MutualFund], after: Sequence[Security | MutualFund]
) -> list[tuple[Kind, str | None]]:
    return [(found["kind"], found["isin"]) for found in changes(before, after)]


# Added, removed, changed -----------------------------------------------------------------------


def test_what_is_new_is_added_with_all_there_is_to_know() -> None:
    assert change(None, security(quantity=10, price="50.25")) == {
        "kind": "ADDED",
        "assetClass": "SECURITY",
        "isin": PNB,
        "previousIsin": None,
        "name": "Punjab National Bank",
        "nseTicker": "PNB",
        "bseTicker": "PNBBSE",
        "quantityBefore": 0,
        "quantityAfter": 10,
        "averagePriceBefore": None,
        "averagePriceAfter": Decimal("50.25"),
        "ratio": None,
    }


def test_what_is_gone_is_removed_whether_its_row_is_left_behind_or_not() -> None:
    for after in ([], [security(quantity=0, price=0)], [security(quantity=4, nse=Leg(Decimal(-4)))]):
        (found,) = changes([security(quantity=10)], list(after))
        assert (found["kind"], found["quantityBefore"], found["quantityAfter"]) == (Kind.REMOVED, 10, 0)
        assert (found["averagePriceBefore"], found["averagePriceAfter"]) == (50, None)


def test_a_row_that_holds_nothing_before_and_after_is_no_change() -> None:
    empty = security(quantity=0, price=0)

    assert changes([empty], []) == changes([], [empty]) == changes([empty], [empty]) == []


def test_a_purchase_and_a_sale_change_the_quantity() -> None:
    bought = change(security(quantity=10, price="50"), security(quantity=15, price="55"))
    sold = change(security(quantity=10, price="50"), security(quantity=5, price="50"))

    assert [found["kind"] for found in (bought, sold)] == [Kind.QUANTITY_CHANGED] * 2
    assert (bought["averagePriceBefore"], bought["averagePriceAfter"], bought["ratio"]) == (50, 55, None)


def test_shares_bought_today_count_before_they_reach_the_demat() -> None:
    before = security(quantity=10, price="50")
    bought_today = security(quantity=10, price="50", nse=Leg(Decimal(5), Decimal(60)))

    assert change(before, bought_today)["quantityAfter"] == 15
    assert changes([bought_today], [security(quantity=15, price="53.33")]) == []  # settled at T+1: nothing happened


@pytest.mark.parametrize(("after", "seen"), [("50.01", True), ("49.99", True), ("50.0099", False), ("49.995", False)])
def test_the_same_shares_at_another_cost(after: str, seen: bool) -> None:
    expected = [(Kind.COST_CHANGED, PNB)] if seen else []  # brokers round to a paisa

    assert kinds([security(price="50")], [security(price=after)]) == expected


def test_a_cost_that_becomes_known_or_unknown_has_not_changed() -> None:
    unknown, known = security(price="0"), security(price="50")

    assert changes([unknown], [known]) == changes([known], [unknown]) == changes([unknown], [unknown]) == []


def test_unknown_cost_is_null_and_not_nothing() -> None:
    found = change(security(quantity=10, price="0"), security(quantity=20, price="0"))

    assert (found["kind"], found["averagePriceBefore"], found["averagePriceAfter"]) == (
        Kind.QUANTITY_CHANGED,
        None,
        None,
    )


def test_a_short_position_holds_nothing_but_is_shown() -> None:
    short = security(quantity=0, price=0, nse=Leg(Decimal(-3), Decimal(90)))

    assert [change(None, short)["kind"], change(short, None)["kind"]] == [Kind.QUANTITY_CHANGED] * 2
    assert change(None, short)["quantityAfter"] == -3
    assert [change(security(), short)["kind"], change(short, security())["kind"]] == [Kind.REMOVED, Kind.ADDED]


def test_mutual_funds_change_in_units() -> None:
    switched_on = change(fund("12.345", "8.1"), fund("20.001", "8.2"))

    assert (switched_on["kind"], switched_on["assetClass"]) == (Kind.QUANTITY_CHANGED, AssetClass.MUTUAL_FUND)
    assert (switched_on["quantityBefore"], switched_on["quantityAfter"]) == (Decimal("12.345"), Decimal("20.001"))
    assert (switched_on["nseTicker"], switched_on["bseTicker"]) == (None, None)


def test_securities_come_before_funds_and_each_by_name() -> None:
    held: list[Security | MutualFund] = [
        fund(),
        security("INE2", name="B"),
        security("INE3", name="C"),
        security("INE1", name="A"),
    ]
    expected = ["INE1", "INE2", "INE3", "INF1"]

    assert [isin for _, isin in kinds([], held)] == expected
    assert [isin for _, isin in kinds(held[::-1], [])] == expected


def test_digits_are_kept() -> None:
    found = change(fund("36.65253999999927", "8.123456789012345678"), None)

    assert '"quantityBefore":36.65253999999927,' in dumps(found)
    assert '"averagePriceBefore":8.123456789012345678,' in dumps(found)


# Splits and bonuses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        ((10, "50"), (20, "25"), "2:1"),  # 1:1 bonus
        ((10, "50"), (15, "33.33"), "3:2"),  # 1:2 bonus, rounded to a paisa
        ((7, "1000"), (70, "100"), "10:1"),
        ((100, "1"), (10, "10"), "1:10"),  # shares put together
        ((333, "30"), (499, "20.02"), "3:2"),  # half a share was paid in cash
        ((19, "20"), (20, "19"), "20:19"),
    ],
)
def test_another_quantity_for_the_same_money_is_a_likely_split(
    before: tuple[int, str], after: tuple[int, str], ratio: str
) -> None:
    found = change(security(PNB, *before), security(PNB, *after))

    assert (found["kind"], found["ratio"], found["previousIsin"]) == (Kind.LIKELY_SPLIT_OR_BONUS, ratio, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((10, "50"), (20, "50")),
        ((10, "50"), (20, "25.2")),  # 0.8 % more money
        ((10, "50"), (20, "24.8")),
        ((10, "50"), (210, "2.38095")),  # 21:1 is no split
        ((2300, "37"), (3700, "23")),
        ((1000, "30"), (1499, "20.01")),  # 3:2 but for a whole share
        ((100, "10"), ("0.5", "2000")),
        ((10, "50"), (20, "0")),  # nobody knows
        ((10, "0"), (20, "25")),
    ],
)
def test_anything_else_is_a_change_of_quantity(before: tuple[int, str], after: tuple[int, str]) -> None:
    found = change(security(PNB, *before), security(PNB, *after))

    assert (found["kind"], found["ratio"]) == (Kind.QUANTITY_CHANGED, None)


def test_half_a_percent_is_the_limit() -> None:
    at, over = security(quantity=20, price="25.125"), security(quantity=20, price="25.126")

    assert kinds([security(quantity=10, price="50")], [at]) == [(Kind.LIKELY_SPLIT_OR_BONUS, PNB)]
    assert kinds([security(quantity=10, price="50")], [over]) == [(Kind.QUANTITY_CHANGED, PNB)]


def test_a_funds_units_split_to_their_third_decimal_and_no_further() -> None:
    assert change(fund("12.345", "8.1"), fund("18.517", "5.4"))["ratio"] == "3:2"  # 18.5175
    for units, price in (("18.516", "5.4"), ("18.9", "5.29"), ("12.3455", "8.1")):
        assert change(fund("12.345", "8.1"), fund(units, price))["kind"] == Kind.QUANTITY_CHANGED


# A new ISIN ------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["nse_ticker", "bse_ticker"])
def test_a_split_of_the_face_value_is_found_by_a_ticker(gone: str) -> None:
    before, after = security(PNB, 10, "500"), security(NEW_PNB, 50, "100", **{gone: None})

    found = change(before, after)

    assert (found["kind"], found["ratio"]) == (Kind.LIKELY_SPLIT_OR_BONUS, "5:1")
    assert (found["isin"], found["previousIsin"]) == (NEW_PNB, PNB)
    assert (found["nseTicker"], found["bseTicker"]) == ("PNB", "PNBBSE")


def test_the_old_isin_may_be_left_behind_with_nothing_in_it() -> None:
    after = [security(PNB, 0, "0"), security(NEW_PNB, 50, "100")]

    assert kinds([security(PNB, 10, "500")], list(after)) == [(Kind.LIKELY_SPLIT_OR_BONUS, NEW_PNB)]


def test_a_new_isin_one_to_one_is_no_change_or_one_of_cost() -> None:
    assert changes([security(PNB)], [security(NEW_PNB)]) == []

    found = change(security(PNB, price="50"), security(NEW_PNB, price="50.1"))
    assert (found["kind"], found["isin"], found["previousIsin"]) == (Kind.COST_CHANGED, NEW_PNB, PNB)


@pytest.mark.parametrize(
    "after",
    [
        security(NEW_PNB, 50, "500"),
        security(NEW_PNB, 10, "400"),
        security(NEW_PNB, 10, "0"),
        security(NEW_PNB, 50, "100", nse_ticker="OTHER", bse_ticker="OTHER"),
        security(NEW_PNB, 50, "100", nse_ticker=None, bse_ticker=None),
    ],
)
def test_another_company_or_other_money_is_one_thing_sold_and_one_bought(after: Security) -> None:
    assert kinds([security(PNB, 10, "500")], [after]) == [(Kind.REMOVED, PNB), (Kind.ADDED, NEW_PNB)]


def test_the_nse_ticker_goes_before_the_bse_ticker() -> None:
    before = [security(PNB, 10, "500", nse_ticker="X", bse_ticker="Y")]
    by_bse = security("INE2", 50, "100", nse_ticker="Z", bse_ticker="Y", name="A")
    by_nse = security("INE3", 50, "100", nse_ticker="X", bse_ticker="W", name="B")

    assert kinds(before, [by_bse, by_nse]) == [(Kind.ADDED, "INE2"), (Kind.LIKELY_SPLIT_OR_BONUS, "INE3")]


def test_the_same_isin_goes_before_any_ticker() -> None:
    before = [security(PNB, 10, "500")]

    assert kinds(before, [security(NEW_PNB, 50, "100"), security(PNB, 10, "500")]) == [(Kind.ADDED, NEW_PNB)]


def test_a_snapshot_of_v1_without_isins_is_compared_by_ticker_or_name() -> None:
    old = [security(None, bse_ticker=None), security(None, nse_ticker=None, bse_ticker=None, name="No ticker")]
    new = [security(PNB, 11), security("INE2", nse_ticker="NEW", bse_ticker=None, name="No ticker")]

    assert kinds(list(old), list(new)) == [(Kind.QUANTITY_CHANGED, PNB)]
    assert change(old[0], new[0])["previousIsin"] is None
    assert kinds(list(new), list(old)) == [(Kind.QUANTITY_CHANGED, PNB)]


def test_what_was_renamed_has_its_newest_name() -> None:
    for before in (security(name="An older name"), security(None, name="An older name")):
        assert change(before, security(quantity=11))["name"] == "Punjab National Bank"


def test_a_ticker_that_two_share_is_not_guessed_from() -> None:
    before = [security(PNB, 10, "500")]
    after = [security(NEW_PNB, 50, "100"), security("INE2", 20, "250")]

    assert {kind for kind, _ in kinds(list(before), list(after))} == {Kind.ADDED, Kind.REMOVED}


def test_two_securities_that_only_share_a_name_are_two() -> None:
    before = security(PNB, 10, "500", nse_ticker=None, bse_ticker=None)

    assert len(changes([before], [replace(before, isin=NEW_PNB)])) == 2


# All accounts together -------------------------------------------------------------------------


def test_what_a_transfer_took_along_is_no_change() -> None:
    before = [account("a", security(quantity=10, price="50")), account("b", security(quantity=30, price="70"))]

    for left, arrived in (
        ((4, "50"), (36, "66.67")),  # the average of both, rounded by the broker
        ((0, "0"), (40, "65")),
        ((4, "50"), (36, "0")),  # the receiving broker knows no cost
    ):
        after = [account("a", security(PNB, *left)), account("b", security(PNB, *arrived))]
        assert compare(before, after) == []
        assert [found["kind"] for found in compare(before[:1], after[:1])] in ([Kind.QUANTITY_CHANGED], [Kind.REMOVED])


# Whatever is held ------------------------------------------------------------------------------

QUANTITIES = st.integers(-20, 20).map(Decimal)
PRICES = st.sampled_from(["0", "10", "10.001", "10.05", "20", "50", "100"]).map(Decimal)
TICKERS = st.sampled_from([None, "A", "B"])
SECURITIES = st.builds(
    lambda isin, nse, bse, name, demat, position: Security(isin, name, nse, bse, demat, position),
    st.sampled_from([None, "INE1", "INE2", "INE3"]),
    TICKERS,
    TICKERS,
    st.sampled_from(["One", "Two"]),
    st.builds(Leg, QUANTITIES, PRICES),
    st.builds(Leg, QUANTITIES, PRICES),
)
FUNDS = st.builds(
    MutualFund, st.sampled_from([None, "INF1", "INF2"]), st.sampled_from(["One", "Two"]), st.none(), QUANTITIES, PRICES
)
ACCOUNTS = st.lists(st.lists(SECURITIES | FUNDS, max_size=5), max_size=3).map(
    lambda held: [account(f"account-{number}", *items) for number, items in enumerate(held)]
)
# Companies with a ticker of their own, each with one of two ISINs: nothing is left to guess.
COMPANIES = st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 20), PRICES)
LISTED = st.lists(COMPANIES, max_size=6, unique_by=lambda company: company[0]).map(
    lambda found: [account("a", *(company(*facts) for facts in found))]
)


def company(number: int, after_split: bool, quantity: int, price: Decimal) -> Security:
    ticker, isin = f"T{number}", f"INE{number}{'NEW' if after_split else 'OLD'}"
    return security(isin, quantity, price, nse_ticker=ticker, bse_ticker=None, name=ticker)


@given(ACCOUNTS)
def test_nothing_changed_when_nothing_changed(accounts: list[AccountPortfolio]) -> None:
    assert compare(accounts, accounts) == []


@given(st.lists(LISTED, max_size=3), st.randoms())
def test_the_order_of_accounts_is_no_change(listed: list[list[AccountPortfolio]], random: Any) -> None:
    accounts = [replace(one, account_id=f"account-{number}") for number, (one,) in enumerate(listed)]

    assert compare(accounts, random.sample(accounts, len(accounts))) == []


@given(LISTED, LISTED)
def test_the_way_back_adds_what_was_removed(before: list[AccountPortfolio], after: list[AccountPortfolio]) -> None:
    mirrored = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}
    there, back = compare(before, after), compare(after, before)

    assert sorted((mirrored.get(c["kind"], c["kind"]), c["name"]) for c in there) == sorted(
        (c["kind"], c["name"]) for c in back
    )
    for one in (there, back):
        assert all(c["quantityBefore"] == 0 for c in one if c["kind"] is Kind.ADDED)
        assert all(c["quantityAfter"] == 0 for c in one if c["kind"] is Kind.REMOVED)


@given(ACCOUNTS, ACCOUNTS)
def test_the_changes_add_up_to_the_difference(before: list[AccountPortfolio], after: list[AccountPortfolio]) -> None:
    def held(accounts: list[AccountPortfolio]) -> Decimal:
        securities = [s for one in accounts for s in one.portfolio.securities]
        funds = [f for one in accounts for f in one.portfolio.mutual_funds]
        return sum((s.demat.quantity + s.nse.quantity for s in securities), sum(f.units for f in funds) + Decimal(0))

    moved = sum(found["quantityAfter"] - found["quantityBefore"] for found in compare(before, after))

    assert moved == held(after) - held(before)


@given(ACCOUNTS, ACCOUNTS)
def test_the_order_is_always_the_same(before: list[AccountPortfolio], after: list[AccountPortfolio]) -> None:
    found = compare(before, after)

    assert found == compare(before, after)
    assert [c["assetClass"] for c in found] == sorted((c["assetClass"] for c in found), reverse=True)
    assert all(c["quantityBefore"] != c["quantityAfter"] or c["kind"] is Kind.COST_CHANGED for c in found)


SHARES = st.integers(1, 10**6)
COSTS = st.decimals("1", "100000", places=2)
SMALL = st.integers(1, 20)


@given(SHARES, COSTS, SMALL, SMALL, st.decimals("-0.0049", "0.0049", places=4), st.booleans())
def test_any_split_at_the_same_value_is_named(
    lots: int, cost: Decimal, new: int, old: int, rounding: Decimal, new_isin: bool
) -> None:
    assume(new != old)
    before = security(PNB, lots * old, cost)
    after_price = cost * old / new * (1 + rounding)  # within half a percent, as brokers round
    after = security(NEW_PNB if new_isin else PNB, lots * new, after_price)

    found = change(before, after)

    assert found["kind"] is Kind.LIKELY_SPLIT_OR_BONUS
    numerator, denominator = map(int, found["ratio"].split(":"))
    assert numerator * old == denominator * new
    assert found["previousIsin"] == (PNB if new_isin else None)


@given(SHARES, COSTS, SMALL, SMALL, st.booleans())
def test_a_split_that_leaves_a_fraction_is_named(
    shares: int, cost: Decimal, new: int, old: int, new_isin: bool
) -> None:
    left = shares * new // old
    assume(left not in (0, shares) and new != old)

    found = change(security(PNB, shares, cost), security(NEW_PNB if new_isin else PNB, left, cost * shares / left))

    assert found["kind"] is Kind.LIKELY_SPLIT_OR_BONUS


@given(SHARES, COSTS, st.integers(1, 10**6), st.decimals("0.2", "50", places=2))
def test_a_purchase_is_never_named_a_split(shares: int, cost: Decimal, bought: int, of_cost: Decimal) -> None:
    """From a fifth of the average cost upwards; below, so little money is within the brokers' rounding."""
    after_price = (shares * cost + bought * cost * of_cost) / (shares + bought)

    found = change(security(PNB, shares, cost), security(PNB, shares + bought, after_price))

    assert found["kind"] is Kind.QUANTITY_CHANGED


@given(SHARES, COSTS, st.data())
def test_a_sale_is_never_named_a_split(shares: int, cost: Decimal, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, shares - 1))

    found = change(security(PNB, shares, cost), security(PNB, left, cost))

    assert found["kind"] is (Kind.QUANTITY_CHANGED if left else Kind.REMOVED)


@given(st.integers(0, 10**6), st.integers(1, 10**6), COSTS, COSTS, st.data())
def test_a_transfer_between_own_accounts_is_no_change(
    there: int, here: int, cost: Decimal, other: Decimal, data: st.DataObject
) -> None:
    moved = data.draw(st.integers(1, here))
    before = [account("a", security(PNB, here, cost)), account("b", security(PNB, there, other))]
    average = (there * other + moved * cost) / (there + moved)
    after = [account("a", security(PNB, here - moved, cost)), account("b", security(PNB, there + moved, average))]

    assert compare(before, after) == []
    assert [len(compare([was], [now])) for was, now in zip(before, after, strict=True)] == [1, 1]
