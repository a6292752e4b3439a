"""What changed between two portfolios, whatever they hold."""

from copy import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway_backend.domain.holdings.changes import Kind, compare
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Security
from testing.builders import PNB, account, security
from testing.holding_changes import NEW_PNB, change

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
# Companies with a ticker of their own, every one with two possible ISINs: nothing is left to guess.
COMPANIES = st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 20), PRICES)
LISTED = st.lists(COMPANIES, max_size=6, unique_by=lambda company: company[0]).map(
    lambda found: [account("a", *(company(*facts) for facts in found))]
)


def company(number: int, after_split: bool, quantity: int, price: Decimal) -> Security:
    ticker, isin = f"T{number}", f"INE{number}{'NEW' if after_split else 'OLD'}"
    return security(isin, quantity, price, nse_ticker=ticker, bse_ticker=None, name=ticker)


SHARES = st.integers(1, 10**6)
COSTS = st.decimals("1", "100000", places=2)
SMALL = st.integers(1, 20)
UP_TO_200 = st.integers(1, 200)


@given(ACCOUNTS)
def test_equal_portfolios_have_no_changes(accounts: list[AccountPortfolio]) -> None:
    assert compare(accounts, accounts) == []


@given(st.lists(LISTED, max_size=3), st.randoms())
def test_the_order_of_accounts_is_no_change(listed: list[list[AccountPortfolio]], random: Any) -> None:
    accounts = [replace(only, account_id=f"account-{number}") for number, (only,) in enumerate(listed)]

    assert compare(accounts, random.sample(accounts, len(accounts))) == []


@given(LISTED, LISTED)
def test_the_reverse_comparison_adds_what_was_removed(
    before: list[AccountPortfolio], after: list[AccountPortfolio]
) -> None:
    """What looks like a demerger one way is a purchase, and a change of cost, the other way."""
    mirrored = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}
    there, back = (
        [change | {"kind": kind_but_for_demergers(change)} for change in compare(*direction)]
        for direction in ((before, after), (after, before))
    )

    assert sorted((mirrored.get(c["kind"], c["kind"]), c["name"]) for c in there) == sorted(
        (c["kind"], c["name"]) for c in back
    )
    for direction in (there, back):
        assert all(c["quantityBefore"] == 0 for c in direction if c["kind"] is Kind.ADDED)
        assert all(c["quantityAfter"] == 0 for c in direction if c["kind"] is Kind.REMOVED)


def kind_but_for_demergers(change: dict[str, Any]) -> Kind:
    if change["kind"] is not Kind.LIKELY_DEMERGER:
        return Kind(change["kind"])
    return Kind.ADDED if change["demergedFrom"] else Kind.COST_CHANGED


@given(ACCOUNTS, ACCOUNTS)
def test_the_changes_add_up_to_the_difference(before: list[AccountPortfolio], after: list[AccountPortfolio]) -> None:
    def held(accounts: list[AccountPortfolio]) -> Decimal:
        securities = [s for account in accounts for s in account.portfolio.securities]
        funds = [f for account in accounts for f in account.portfolio.mutual_funds]
        return sum((s.demat.quantity + s.nse.quantity for s in securities), sum(f.units for f in funds) + Decimal(0))

    moved = sum(found["quantityAfter"] - found["quantityBefore"] for found in compare(before, after))

    assert moved == held(after) - held(before)


@given(ACCOUNTS, ACCOUNTS)
def test_the_order_of_changes_is_always_the_same(before: list[AccountPortfolio], after: list[AccountPortfolio]) -> None:
    found = compare(before, after)

    assert found == compare(before, after)
    assert [c["assetClass"] for c in found] == sorted((c["assetClass"] for c in found), reverse=True)
    assert all(c["quantityBefore"] != c["quantityAfter"] or c["kind"] is Kind.COST_CHANGED for c in found)


@given(SHARES, COSTS, SMALL, SMALL, st.decimals("-0.0049", "0.0049", places=4), st.booleans())
def test_any_split_at_the_same_value_is_recognised(
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


@given(SHARES, COSTS, UP_TO_200, UP_TO_200, st.sampled_from(["PNB", "PNB-BE", "PNB-SM"]))
def test_any_ratio_of_whole_numbers_up_to_200_is_recognised(
    lots: int, cost: Decimal, new: int, old: int, ticker: str
) -> None:
    assume(new != old)
    after = security(NEW_PNB, lots * new, cost * old / new, nse_ticker=ticker, bse_ticker=None)

    found = change(security(PNB, lots * old, cost), after)

    assert found["kind"] is Kind.LIKELY_SPLIT_OR_BONUS
    numerator, denominator = map(int, found["ratio"].split(":"))
    assert (numerator * old, found["previousIsin"]) == (denominator * new, PNB)


@given(ACCOUNTS, st.data())
def test_binary_noise_is_no_change(accounts: list[AccountPortfolio], data: st.DataObject) -> None:
    def noisy(leg: Leg) -> Leg:
        noise = data.draw(st.sampled_from(["0", "1e-16", "-1e-16"]))
        return replace(leg, quantity=leg.quantity * (1 + Decimal(noise)))

    after = [
        replace(
            one,
            portfolio=replace(
                one.portfolio,
                securities=tuple(replace(s, demat=noisy(s.demat), nse=noisy(s.nse)) for s in one.portfolio.securities),
            ),
        )
        for one in accounts
    ]

    assert compare(accounts, after) == []


@given(SHARES, COSTS, SMALL, SMALL, st.booleans())
def test_a_split_that_leaves_a_fraction_is_recognised(
    shares: int, cost: Decimal, new: int, old: int, new_isin: bool
) -> None:
    left = shares * new // old
    assume(left not in (0, shares) and new != old)

    found = change(security(PNB, shares, cost), security(NEW_PNB if new_isin else PNB, left, cost * shares / left))

    assert found["kind"] is Kind.LIKELY_SPLIT_OR_BONUS


@given(SHARES, COSTS, st.integers(1, 10**6), st.decimals("0.2", "50", places=2))
def test_a_purchase_is_never_called_a_split(shares: int, cost: Decimal, bought: int, of_cost: Decimal) -> None:
    """From a fifth of the average cost upwards; below, so little money is within the brokers' rounding."""
    after_price = (shares * cost + bought * cost * of_cost) / (shares + bought)

    found = change(security(PNB, shares, cost), security(PNB, shares + bought, after_price))

    assert found["kind"] is Kind.QUANTITY_CHANGED


@given(SHARES, COSTS, st.data())
def test_a_sale_is_never_called_a_split(shares: int, cost: Decimal, data: st.DataObject) -> None:
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
