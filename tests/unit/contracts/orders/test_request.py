"""Orders as the app may request them, and what Gateway gets (contract 2.2, 2.3)."""

from copy import replace
from typing import Any

import pytest

from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.transaction_requests import (
    ACCOUNT,
    BUY,
    ISCID,
    RULES,
    SCID,
    SELL,
    basket,
    basket_of_reliance,
    order_of,
    refusal,
    request,
    sent,
)

# Securities ------------------------------------------------------------------------------------


def test_a_basket_of_buys_and_sells_is_sent_as_the_contract_has_it() -> None:
    assert sent(basket(BUY, SELL)) == {
        "intent": "TRANSACTION",
        "orderConfig": {"type": "SECURITIES", "securities": [BUY, SELL]},
    }


def test_the_order_has_everything_that_was_requested() -> None:
    named = {"orderName": "Two of them", "orderLogo": "https://app.example/logo.png"}

    assert order_of(basket(BUY, SELL, meta=named)) == OrderRequest(
        "SECURITIES",
        (RequestedSecurity("RELIANCE", 10, "BUY"), RequestedSecurity("M&M", 2, "SELL")),
        "Two of them",
        "https://app.example/logo.png",
    )


@pytest.mark.parametrize("left_out", [("quantity",), ("type",), ("quantity", "type")])
def test_quantity_and_side_may_be_left_to_the_user(left_out: tuple[str, ...]) -> None:
    securities = [{name: value for name, value in security.items() if name not in left_out} for security in (BUY, SELL)]

    assert sent(basket(*securities))["orderConfig"]["securities"] == securities


@pytest.mark.parametrize("name", ["quantity", "type"])
@pytest.mark.parametrize("bare_is_first", [False, True])
def test_quantity_or_side_of_some_securities_only_is_refused_with_a_ticker(name: str, bare_is_first: bool) -> None:
    bare = {key: value for key, value in SELL.items() if key != name}

    detail = refusal(basket(*([bare, BUY] if bare_is_first else [BUY, bare])))

    assert f"give {name} for every security or for none" in detail
    assert "M&M" in detail


@pytest.mark.parametrize(
    "securities",
    [({"ticker": "A", "type": "BUY"}, {"ticker": "B", "quantity": 1}), (BUY, {"ticker": "B"})],
)
def test_the_bad_examples_of_the_contract_are_refused(securities: tuple[dict[str, Any], ...]) -> None:
    assert refusal(basket(*securities))


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 1.0, "10", True, [1], 10**30 + 0.5])
def test_a_quantity_is_a_positive_whole_number(quantity: Any) -> None:
    assert "quantity" in refusal(basket_of_reliance(quantity=quantity, type="BUY"))


def test_as_many_shares_as_the_rules_allow_are_accepted() -> None:
    RULES.check(order_of(basket_of_reliance(quantity=100_000)))


def test_more_shares_than_the_rules_allow_are_refused() -> None:
    with pytest.raises(RequestInvalid, match=r"orderConfig\.securities\.1\.quantity: at most 100000 shares"):
        RULES.check(order_of(basket(BUY, SELL | {"quantity": 100_001})))


@pytest.mark.parametrize("side", ["buy", "HOLD", "", 1])
def test_a_side_is_buy_or_sell(side: Any) -> None:
    assert "type" in refusal(basket_of_reliance(type=side))


@pytest.mark.parametrize(
    "ticker", ["RELIANCE", "M&M", "J&KBANK", "BAJAJ-AUTO", "20MICRONS", "MCDOWELL-N", "A", "NIFTY_BEES", "A" * 25]
)
def test_tickers_of_nse_are_sent_as_they_are(ticker: str) -> None:
    assert sent(basket({"ticker": ticker}))["orderConfig"]["securities"] == [{"ticker": ticker}]


@pytest.mark.parametrize(
    "ticker", ["reliance", "Reliance", "", " RELIANCE", "RELIANCE ", "NSE:RELIANCE", "RELIANCE.NS", "A" * 26, "-A",
               "RELIANCE\n", "₹", "A/B", None, 5, ["RELIANCE"]],
)  # fmt: skip
def test_what_cannot_be_a_ticker_is_refused(ticker: Any) -> None:
    assert "ticker" in refusal(basket({"ticker": ticker}))


def test_a_ticker_that_stands_in_a_basket_twice_is_refused() -> None:
    detail = refusal(basket(BUY, SELL, BUY | {"type": "SELL"}))

    assert "RELIANCE: a ticker may stand in a basket once" in detail


def test_an_empty_basket_is_refused() -> None:
    assert "orderConfig" in refusal(basket())


FIFTY = tuple({"ticker": f"T{number}"} for number in range(50))


def test_a_basket_of_as_many_securities_as_the_rules_allow_is_accepted() -> None:
    RULES.check(order_of(basket(*FIFTY)))


def test_a_basket_of_more_securities_than_the_rules_allow_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="at most 50 in one basket"):
        RULES.check(order_of(basket(*FIFTY, {"ticker": "ONEMORE"})))


def test_a_huge_basket_is_refused_before_any_rule() -> None:
    assert "securities" in refusal(basket(*({"ticker": f"T{number}"} for number in range(501))))


@pytest.mark.parametrize(
    "more",
    [{"exchange": "NSE"}, {"securities": None}, {"meta": {"name": "x"}}, {"meta": {"orderName": ""}}, {"type": "sst"},
     {"meta": {"orderName": "x" * 101}}, {"meta": {"orderLogo": "http://app.example/logo.png"}},
     {"meta": {"orderLogo": "javascript:alert(1)"}}, {"meta": {"orderLogo": "https://a b"}}, {"scid": "SCNM_0003"}],
)  # fmt: skip
def test_what_is_no_part_of_a_basket_is_refused(more: dict[str, Any]) -> None:
    assert "orderConfig" in refusal(basket(BUY, **more))


# [I] Where a basket's name goes ----------------------------------------------------------------

NAMED = basket(BUY, meta={"orderName": "Two of them", "orderLogo": "https://app.example/logo.png"})
META = NAMED["orderConfig"]["meta"]


@pytest.mark.parametrize(
    ("places", "in_meta", "in_config"),
    [({"meta"}, True, False), ({"config"}, False, True), ({"meta", "config"}, True, True)],
)
def test_the_name_of_a_basket_is_sent_where_the_rules_have_it(places: set[str], in_meta: bool, in_config: bool) -> None:
    body = sent(NAMED, replace(RULES, basket_meta=frozenset(places)))

    assert body["orderConfig"].get("meta") == (META if in_meta else None)
    assert body.get("config") == (META if in_config else None)


def test_a_basket_without_a_name_is_sent_without_the_member() -> None:
    body = sent(basket(BUY, meta={}), replace(RULES, basket_meta=frozenset({"meta", "config"})))

    assert ("config" in body, "meta" in body["orderConfig"]) == (False, False)


# smallcases ------------------------------------------------------------------------------------

CONTINUING = pytest.mark.parametrize(
    "kind", ["INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT"]
)


def smallcase(kind: str, account: str | None = ACCOUNT, **config: Any) -> dict[str, Any]:
    return {"intent": "TRANSACTION", "orderConfig": {"type": kind} | config} | (
        {"smallcaseAuthId": account} if account else {}
    )


@pytest.mark.parametrize("account", [None, ACCOUNT])
def test_a_guest_may_buy_a_smallcase_and_so_may_a_linked_account(account: str | None) -> None:
    body = smallcase("BUY", account, scid=SCID)

    assert sent(body) == {"intent": "TRANSACTION", "orderConfig": {"type": "BUY", "scid": SCID}}
    assert order_of(body) == OrderRequest("BUY", scid=SCID)
    assert request(body).account_id == account


@CONTINUING
def test_a_later_order_of_a_smallcase_continues_an_investment(kind: str) -> None:
    body = smallcase(kind, scid=SCID, iscid=ISCID, did="5d94")

    assert sent(body)["orderConfig"] == {"type": kind, "scid": SCID, "iscid": ISCID, "did": "5d94"}
    assert order_of(body) == OrderRequest(kind, scid=SCID, iscid=ISCID)


@CONTINUING
def test_a_later_order_of_a_smallcase_needs_the_investment(kind: str) -> None:
    assert "iscid is needed" in refusal(smallcase(kind, scid=SCID))


@CONTINUING
def test_a_later_order_of_a_smallcase_needs_a_linked_account(kind: str) -> None:
    assert "smallcaseAuthId is needed" in refusal(smallcase(kind, None, iscid=ISCID))


def test_buying_a_smallcase_needs_the_smallcase() -> None:
    assert "scid is needed for BUY" in refusal(smallcase("BUY", iscid=ISCID))


@pytest.mark.parametrize("kind", ["DUMMY", "RECONCILIATION", "buy", "", None])
def test_a_kind_of_order_that_is_not_offered_is_refused(kind: Any) -> None:
    assert "orderConfig.type: must be one of" in refusal(smallcase(kind, scid=SCID, iscid=ISCID))


@pytest.mark.parametrize("identifier", ["", "a b", "../x", "a" * 65, "ä", 5, "a\n"])
def test_what_cannot_be_an_identifier_is_refused(identifier: Any) -> None:
    assert "iscid" in refusal(smallcase("EXIT", iscid=identifier))


# Cancellations ---------------------------------------------------------------------------------


def test_a_cancellation_is_of_a_ticker_of_a_batch() -> None:
    body = {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": "5ef5b24a4d6cd54b4a3a8c11", "ticker": "M&M"}}

    assert sent(body) == body
    assert order_of(body) == OrderRequest(batch_id="5ef5b24a4d6cd54b4a3a8c11", ticker="M&M")


@pytest.mark.parametrize(("config", "missing"), [({"batchId": "5ef5"}, "ticker"), ({"ticker": "M&M"}, "batchId")])
def test_a_cancellation_needs_the_batch_and_the_ticker(config: dict[str, str], missing: str) -> None:
    assert missing in refusal({"intent": "CANCEL_ORDER", "orderConfig": config})
