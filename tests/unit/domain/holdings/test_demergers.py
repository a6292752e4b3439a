"""A demerger is named as likely when the cost that one share loses is that of new ones."""

from typing import Any

import pytest

from gateway_backend.domain.holdings.changes import Kind
from gateway_backend.domain.holdings.portfolio import Security
from testing.builders import PNB, security
from testing.holding_changes import changes, kinds

PARENT = security(PNB, 100, "400", name="Parent Ltd")


def new(isin: str, quantity: Any, price: Any) -> Security:
    return security(isin, quantity, price, nse_ticker=isin, bse_ticker=None, name=isin)


def parent_at(price: str) -> Security:
    return security(PNB, 100, price, name="Parent Ltd")


def test_the_parent_and_what_was_demerged_are_named() -> None:
    child, parent = changes([PARENT], [parent_at("360"), new("INE1", 10, "400")])

    assert [child["kind"], parent["kind"]] == [Kind.LIKELY_DEMERGER] * 2
    assert child["demergedFrom"] == {"isin": PNB, "name": "Parent Ltd"}
    assert parent["demergedFrom"] is None
    assert (parent["quantityBefore"], parent["quantityAfter"]) == (100, 100)


def test_what_was_bought_on_the_same_day_is_a_purchase() -> None:
    after = [parent_at("360"), new("INE1", 10, "400"), new("INE2", 10, "120")]

    assert kinds([PARENT], after) == [
        (Kind.LIKELY_DEMERGER, "INE1"),
        (Kind.ADDED, "INE2"),
        (Kind.LIKELY_DEMERGER, PNB),
    ]


def test_several_companies_may_be_demerged_at_once() -> None:
    after = [parent_at("250"), new("INE1", 100, "100"), new("INE2", 50, "100.01")]

    assert {kind for kind, _ in kinds([PARENT], after)} == {Kind.LIKELY_DEMERGER}


@pytest.mark.parametrize(
    "after",
    [
        [parent_at("360"), new("INE1", 10, "450")],  # the cost is another one
        [parent_at("360"), new("INE1", 10, "0")],  # or unknown
        [parent_at("440"), new("INE1", 10, "400")],  # the old share has gained it
        [security(PNB, 90, "400", name="Parent Ltd"), new("INE1", 10, "400")],  # sold, and another one bought
        [new("INE1", 100, "400")],
    ],
)
def test_cost_that_has_not_moved_is_no_demerger(after: list[Security]) -> None:
    assert Kind.LIKELY_DEMERGER not in {kind for kind, _ in kinds([PARENT], after)}
