"""What changed between two portfolios, by example: purchases, sales, splits, new ISINs and transfers."""

from decimal import Decimal

import pytest

from gateway_backend.domain.holdings.changes import Kind, compare
from gateway_backend.domain.holdings.compared_row import AssetClass
from gateway_backend.domain.holdings.portfolio import Leg, MutualFund, Security
from gateway_backend.domain.shared.exact_json import dumps
from testing.builders import PNB, account, mutual_fund, security
from testing.holding_changes import change, changes, kinds

# Added, removed, changed -------------------------------------------------------------------------


def test_a_new_holding_is_added_with_all_its_details() -> None:
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
        "demergedFrom": None,
    }


def test_a_holding_sold_out_is_removed_with_or_without_an_empty_row() -> None:
    for after in ([], [security(quantity=0, price=0)], [security(quantity=4, nse=Leg(Decimal(-4)))]):
        (found,) = changes([security(quantity=10)], list(after))
        assert (found["kind"], found["quantityBefore"], found["quantityAfter"]) == (Kind.REMOVED, 10, 0)
        assert (found["averagePriceBefore"], found["averagePriceAfter"]) == (50, None)


def test_an_empty_row_is_no_change() -> None:
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


@pytest.mark.parametrize(
    ("after", "is_change"), [("50.01", True), ("49.99", True), ("50.0099", False), ("49.995", False)]
)
def test_a_cost_that_moves_by_a_paisa_is_a_change(after: str, is_change: bool) -> None:
    expected = [(Kind.COST_CHANGED, PNB)] if is_change else []  # brokers round to a paisa

    assert kinds([security(price="50")], [security(price=after)]) == expected


def test_a_cost_that_becomes_known_or_unknown_has_not_changed() -> None:
    unknown, known = security(price="0"), security(price="50")

    assert changes([unknown], [known]) == changes([known], [unknown]) == changes([unknown], [unknown]) == []


def test_an_unknown_cost_is_null() -> None:
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
    switched_on = change(mutual_fund("12.345", "8.1"), mutual_fund("20.001", "8.2"))

    assert (switched_on["kind"], switched_on["assetClass"]) == (Kind.QUANTITY_CHANGED, AssetClass.MUTUAL_FUND)
    assert (switched_on["quantityBefore"], switched_on["quantityAfter"]) == (Decimal("12.345"), Decimal("20.001"))
    assert (switched_on["nseTicker"], switched_on["bseTicker"]) == (None, None)


def test_securities_come_before_funds_and_both_by_name() -> None:
    held: list[Security | MutualFund] = [
        mutual_fund(),
        security("INE2", name="B"),
        security("INE3", name="C"),
        security("INE1", name="A"),
    ]
    expected = ["INE1", "INE2", "INE3", "INF1"]

    assert [isin for _, isin in kinds([], held)] == expected
    assert [isin for _, isin in kinds(held[::-1], [])] == expected


def test_digits_are_kept() -> None:
    found = change(mutual_fund("36.65253999999927", "8.123456789012345678"), None)

    assert '"quantityBefore":36.65253999999927,' in dumps(found)
    assert '"averagePriceBefore":8.123456789012345678,' in dumps(found)


# Splits and bonuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        ((10, "50"), (20, "25"), "2:1"),  # 1:1 bonus
        ((10, "50"), (15, "33.33"), "3:2"),  # 1:2 bonus, rounded to a paisa
        ((7, "1000"), (70, "100"), "10:1"),
        ((100, "1"), (10, "10"), "1:10"),  # shares put together
        ((333, "30"), (499, "20.02"), "3:2"),  # half a share was paid in cash
        ((19, "20"), (20, "19"), "20:19"),
        ((10, "500"), (1000, "5"), "100:1"),
        ((100, "5"), (2, "250"), "1:50"),
        ((130, "5"), (2, "325"), "1:65"),  # nothing is known of the third share that was paid in cash
        ((2300, "37"), (3700, "23"), "37:23"),
        ((400, "150"), (398, "150.7538"), "199:200"),
        ((200, "50"), (40000, "0.25"), "200:1"),
        ((30, "1.01"), (1500, "0.02"), "50:1"),  # a paisa is half of the price afterwards
        ((133, "300"), (199, "200"), "3:2"),  # the average says so: half a share was paid in cash
        ((0.1 + 0.2, "100"), (0.6, "50"), "2:1"),
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
        ((10, "50"), (2010, "0.2487562")),  # 201:1 is no split
        ((201, "37"), (203, "36.6355")),
        ((200, "50"), (199, "50.0001")),  # a sale, or a purchase, of a little
        ((200, "50"), (201, "49.9")),
        ((1000, "30"), (1499, "20.01")),  # 3:2 but for a whole share
        ((100, "10"), ("0.25", "4000")),
        ((10, "50"), (20, "0")),  # the cost is unknown
        ((10, "0"), (20, "25")),
    ],
)
def test_anything_else_is_a_change_of_quantity(before: tuple[int, str], after: tuple[int, str]) -> None:
    found = change(security(PNB, *before), security(PNB, *after))

    assert (found["kind"], found["ratio"]) == (Kind.QUANTITY_CHANGED, None)


def test_a_split_may_move_the_invested_amount_by_half_a_percent() -> None:
    at, over = security(quantity=20, price="25.125"), security(quantity=20, price="25.126")

    assert kinds([security(quantity=10, price="50")], [at]) == [(Kind.LIKELY_SPLIT_OR_BONUS, PNB)]
    assert kinds([security(quantity=10, price="50")], [over]) == [(Kind.QUANTITY_CHANGED, PNB)]


def test_a_split_of_fund_units_is_recognised_to_the_third_decimal() -> None:
    assert change(mutual_fund("12.345", "8.1"), mutual_fund("18.517", "5.4"))["ratio"] == "3:2"  # 18.5175
    for units, price in (("18.516", "5.4"), ("18.9", "5.29"), ("12.3455", "8.1")):
        assert change(mutual_fund("12.345", "8.1"), mutual_fund(units, price))["kind"] == Kind.QUANTITY_CHANGED


# All accounts together ---------------------------------------------------------------------------


def test_a_transfer_between_accounts_is_no_change() -> None:
    before = [account("a", security(quantity=10, price="50")), account("b", security(quantity=30, price="70"))]

    for left, arrived in (
        ((4, "50"), (36, "66.67")),  # the average of both, rounded by the broker
        ((0, "0"), (40, "65")),
        ((4, "50"), (36, "0")),  # the receiving broker has no cost
    ):
        after = [account("a", security(PNB, *left)), account("b", security(PNB, *arrived))]
        assert compare(before, after) == []
        assert [found["kind"] for found in compare(before[:1], after[:1])] in ([Kind.QUANTITY_CHANGED], [Kind.REMOVED])
