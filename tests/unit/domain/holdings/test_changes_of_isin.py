"""Which holdings of two portfolios are the same: by ISIN, else by ticker or name, without a guess."""

from copy import replace

import pytest

from gateway_backend.domain.holdings.changes import Kind
from gateway_backend.domain.holdings.portfolio import Security
from testing.builders import PNB, security
from testing.holding_changes import NEW_PNB, change, changes, kinds


@pytest.mark.parametrize("gone", ["nse_ticker", "bse_ticker"])
def test_a_split_of_the_face_value_is_found_by_a_ticker(gone: str) -> None:
    before, after = security(PNB, 10, "500"), security(NEW_PNB, 50, "100", **{gone: None})

    found = change(before, after)

    assert (found["kind"], found["ratio"]) == (Kind.LIKELY_SPLIT_OR_BONUS, "5:1")
    assert (found["isin"], found["previousIsin"]) == (NEW_PNB, PNB)
    assert (found["nseTicker"], found["bseTicker"]) == ("PNB", "PNBBSE")


def test_an_empty_row_of_the_old_isin_is_ignored() -> None:
    after = [security(PNB, 0, "0"), security(NEW_PNB, 50, "100")]

    assert kinds([security(PNB, 10, "500")], list(after)) == [(Kind.LIKELY_SPLIT_OR_BONUS, NEW_PNB)]


def test_a_new_isin_alone_is_no_change_or_a_change_of_cost() -> None:
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
def test_another_company_or_amount_is_a_sale_and_a_purchase(after: Security) -> None:
    assert kinds([security(PNB, 10, "500")], [after]) == [(Kind.REMOVED, PNB), (Kind.ADDED, NEW_PNB)]


def test_the_nse_ticker_is_matched_before_the_bse_ticker() -> None:
    before = [security(PNB, 10, "500", nse_ticker="X", bse_ticker="Y")]
    by_bse = security("INE2", 50, "100", nse_ticker="Z", bse_ticker="Y", name="A")
    by_nse = security("INE3", 50, "100", nse_ticker="X", bse_ticker="W", name="B")

    assert kinds(before, [by_bse, by_nse]) == [(Kind.ADDED, "INE2"), (Kind.LIKELY_SPLIT_OR_BONUS, "INE3")]


def test_the_isin_is_matched_before_any_ticker() -> None:
    before = [security(PNB, 10, "500")]

    assert kinds(before, [security(NEW_PNB, 50, "100"), security(PNB, 10, "500")]) == [(Kind.ADDED, NEW_PNB)]


def test_a_snapshot_of_v1_without_isins_is_compared_by_ticker_or_name() -> None:
    old = [security(None, bse_ticker=None), security(None, nse_ticker=None, bse_ticker=None, name="No ticker")]
    new = [security(PNB, 11), security("INE2", nse_ticker="NEW", bse_ticker=None, name="No ticker")]

    assert kinds(list(old), list(new)) == [(Kind.QUANTITY_CHANGED, PNB)]
    assert change(old[0], new[0])["previousIsin"] is None
    assert kinds(list(new), list(old)) == [(Kind.QUANTITY_CHANGED, PNB)]


def test_a_renamed_holding_has_its_newest_name() -> None:
    for before in (security(name="An older name"), security(None, name="An older name")):
        assert change(before, security(quantity=11))["name"] == "Punjab National Bank"


def test_a_ticker_shared_by_two_is_not_matched() -> None:
    before = [security(PNB, 10, "500")]
    after = [security(NEW_PNB, 50, "100"), security("INE2", 20, "250")]

    assert {kind for kind, _ in kinds(list(before), list(after))} == {Kind.ADDED, Kind.REMOVED}


def test_securities_that_share_their_name_only_stay_apart() -> None:
    before = security(PNB, 10, "500", nse_ticker=None, bse_ticker=None)

    assert len(changes([before], [replace(before, isin=NEW_PNB)])) == 2
