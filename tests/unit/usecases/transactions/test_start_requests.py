"""Whatever can be started: what a request may say, and what Gateway is then told (contract 1.6, 2.1 to 2.4)."""

import json
from copy import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.request import TransactionRequest
from gateway_backend.domain.orders.request import OrderRequest, OrderRules, RequestedSecurity, is_limited
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import RequestInvalid
from ops.api_reference.any_transaction_request import CreateTransactionRequest

ACCOUNT = "6195e288360acf9ebc060d23"
ISCID, SCID = "5d94bc5b3a2c2f1d0a7e6b31", "SCNM_0003"
RULES = OrderRules(50, 100_000, {}, frozenset({"meta"}))
LIMIT_NAMES = {"orderType": "orderType", "validity": "validity", "price": "limitPrice", "triggerPrice": "stopPrice"}
LIMIT_RULES = replace(RULES, limit_fields=LIMIT_NAMES)


def request(body: dict[str, Any]) -> TransactionRequest:
    found: TransactionRequest = parse_body(CreateTransactionRequest, json.dumps(body).encode()).root
    return found


def sent(body: dict[str, Any], rules: OrderRules = RULES) -> Any:
    """What Gateway gets, as it reads it."""
    return exact_json.loads(exact_json.dumps(request(body).to_gateway(rules)))


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(RequestInvalid) as refused:
        request(body)
    return refused.value.detail


def basket(*securities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A securities order; `more` belongs to orderConfig."""
    return {
        "intent": "TRANSACTION",
        "orderConfig": {"type": "SECURITIES", "securities": list(securities)} | more,
    }


def one(**members: Any) -> dict[str, Any]:
    return basket({"ticker": "RELIANCE"} | members)


def order_of(body: dict[str, Any]) -> OrderRequest:
    order = request(body).order
    assert order is not None
    return order


BUY = {"ticker": "RELIANCE", "quantity": 10, "type": "BUY"}
SELL = {"ticker": "M&M", "quantity": 2, "type": "SELL"}


# Securities ------------------------------------------------------------------------------------


def test_a_basket_of_buys_and_sells_goes_out_as_the_contract_has_it() -> None:
    assert sent(basket(BUY, SELL)) == {
        "intent": "TRANSACTION",
        "orderConfig": {"type": "SECURITIES", "securities": [BUY, SELL]},
    }


def test_what_was_asked_for_is_kept() -> None:
    named = {"orderName": "Two of them", "orderLogo": "https://app.example/logo.png"}

    assert order_of(basket(BUY, SELL, meta=named)) == OrderRequest(
        "SECURITIES",
        (RequestedSecurity("RELIANCE", 10, "BUY"), RequestedSecurity("M&M", 2, "SELL")),
        "Two of them",
        "https://app.example/logo.png",
    )


@pytest.mark.parametrize("left_out", [("quantity",), ("type",), ("quantity", "type")])
def test_quantity_and_side_may_be_left_to_the_user(left_out: tuple[str, ...]) -> None:
    securities = [{name: v for name, v in one.items() if name not in left_out} for one in (BUY, SELL)]

    assert sent(basket(*securities))["orderConfig"]["securities"] == securities


@pytest.mark.parametrize("name", ["quantity", "type"])
def test_quantity_and_side_are_given_for_all_or_for_none(name: str) -> None:
    bare = {key: value for key, value in SELL.items() if key != name}

    for mixed in ([BUY, bare], [bare, BUY]):
        told = refusal(basket(*mixed))
        assert f"give {name} for every security or for none" in told
        assert "M&M" in told


def test_the_contracts_own_bad_examples_are_refused() -> None:
    assert refusal(basket({"ticker": "A", "type": "BUY"}, {"ticker": "B", "quantity": 1}))
    assert refusal(basket(BUY, {"ticker": "B"}))


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 1.0, "10", True, [1], 10**30 + 0.5])
def test_a_quantity_is_a_positive_whole_number(quantity: Any) -> None:
    assert "quantity" in refusal(one(quantity=quantity, type="BUY"))


def test_an_absurd_quantity_is_refused_by_the_rules() -> None:
    RULES.check(order_of(one(quantity=100_000)))
    with pytest.raises(RequestInvalid, match=r"orderConfig\.securities\.1\.quantity: at most 100000 shares"):
        RULES.check(order_of(basket(BUY, SELL | {"quantity": 100_001})))


@pytest.mark.parametrize("side", ["buy", "HOLD", "", 1])
def test_a_side_is_buy_or_sell(side: Any) -> None:
    assert "type" in refusal(one(type=side))


@pytest.mark.parametrize(
    "ticker", ["RELIANCE", "M&M", "J&KBANK", "BAJAJ-AUTO", "20MICRONS", "MCDOWELL-N", "A", "NIFTY_BEES", "A" * 25]
)
def test_nses_tickers_are_taken_as_they_are(ticker: str) -> None:
    assert sent(one(ticker=ticker))["orderConfig"]["securities"] == [{"ticker": ticker}]


@pytest.mark.parametrize(
    "ticker", ["reliance", "Reliance", "", " RELIANCE", "RELIANCE ", "NSE:RELIANCE", "RELIANCE.NS", "A" * 26, "-A",
               "RELIANCE\n", "₹", "A/B", None, 5, ["RELIANCE"]],
)  # fmt: skip
def test_what_cannot_be_a_ticker_is_refused(ticker: Any) -> None:
    assert "ticker" in refusal(one(ticker=ticker))


def test_a_ticker_stands_in_a_basket_once() -> None:
    told = refusal(basket(BUY, SELL, BUY | {"type": "SELL"}))

    assert "RELIANCE: a ticker may stand in a basket once" in told


def test_an_empty_basket_is_refused() -> None:
    assert "orderConfig" in refusal(basket())


def test_a_basket_has_a_most_that_the_rules_say() -> None:
    fifty = basket(*({"ticker": f"T{number}"} for number in range(50)))
    RULES.check(order_of(fifty))

    with pytest.raises(RequestInvalid, match="at most 50 in one basket"):
        RULES.check(order_of(basket(*fifty["orderConfig"]["securities"], {"ticker": "ONEMORE"})))


def test_a_huge_basket_is_not_even_read() -> None:
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
def test_a_baskets_name_goes_where_the_rules_say(places: set[str], in_meta: bool, in_config: bool) -> None:
    body = sent(NAMED, replace(RULES, basket_meta=frozenset(places)))

    assert body["orderConfig"].get("meta") == (META if in_meta else None)
    assert body.get("config") == (META if in_config else None)


def test_a_basket_without_a_name_says_none() -> None:
    body = sent(basket(BUY, meta={}), replace(RULES, basket_meta=frozenset({"meta", "config"})))

    assert ("config" in body, "meta" in body["orderConfig"]) == (False, False)


# [I] Limit orders ------------------------------------------------------------------------------


def test_limit_fields_go_out_under_gateways_names() -> None:
    limited = BUY | {"orderType": "SL", "validity": "DAY", "price": 1402.5, "triggerPrice": 1400}

    assert sent(basket(limited), LIMIT_RULES)["orderConfig"]["securities"] == [
        BUY | {"orderType": "SL", "validity": "DAY", "limitPrice": Decimal("1402.5"), "stopPrice": 1400}
    ]


def test_limit_fields_are_kept_with_the_order() -> None:
    (security,) = order_of(one(orderType="SL", validity="IOC", price=1402.5, triggerPrice=1400)).securities

    assert security == RequestedSecurity("RELIANCE", None, None, "SL", "IOC", Decimal("1402.5"), Decimal(1400))


@pytest.mark.parametrize(
    ("more", "named"), [({"orderType": "LIMIT", "price": 1}, "orderType"), ({"validity": "DAY"}, "validity")]
)
def test_without_names_for_them_limit_orders_are_not_offered(more: dict[str, Any], named: str) -> None:
    order = order_of(one(**more))

    with pytest.raises(RequestInvalid, match=rf"orderConfig\.securities\.0\.{named}"):
        RULES.check(order)
    LIMIT_RULES.check(order)


def test_no_limit_order_goes_out_without_its_price_because_that_has_no_name() -> None:
    order = order_of(one(orderType="LIMIT", price=1))

    with pytest.raises(RequestInvalid, match=r"orderConfig\.securities\.0\.price"):
        replace(RULES, limit_fields={"orderType": "orderType"}).check(order)


def test_a_market_order_is_no_limit_order_even_when_it_says_so() -> None:
    order = order_of(one(orderType="MARKET"))
    RULES.check(order)

    assert not is_limited(order.securities[0])
    assert sent(one(orderType="MARKET"))["orderConfig"]["securities"] == [{"ticker": "RELIANCE"}]


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ({"orderType": "LIMIT"}, "price is needed for a LIMIT order"),
        ({"orderType": "SL", "price": 1}, "triggerPrice is needed for a SL order"),
        ({"orderType": "SL", "triggerPrice": 1}, "price is needed for a SL order"),
        ({"orderType": "SLM"}, "triggerPrice is needed for a SLM order"),
        ({"orderType": "SLM", "triggerPrice": 1, "price": 1}, "price is not part of a SLM order"),
        ({"orderType": "LIMIT", "price": 1, "triggerPrice": 1}, "triggerPrice is not part of a LIMIT order"),
        ({"orderType": "MARKET", "price": 1}, "price is not part of a MARKET order"),
        ({"price": 1}, "price is not part of a MARKET order"),
        ({"triggerPrice": 1}, "triggerPrice is not part of a MARKET order"),
    ],
)
def test_a_price_belongs_to_the_kinds_of_order_that_have_one(given_: dict[str, Any], named: str) -> None:
    assert named in refusal(one(**given_))


@pytest.mark.parametrize(
    "more",
    [{"orderType": "limit", "price": 1}, {"orderType": "SL-M", "triggerPrice": 1}, {"validity": "GTC"},
     {"orderType": "LIMIT", "price": 0}, {"orderType": "LIMIT", "price": -1}, {"orderType": "LIMIT", "price": 1.005},
     {"orderType": "LIMIT", "price": "x"}, {"orderType": "LIMIT", "price": 10**13}],
)  # fmt: skip
def test_a_limit_field_that_means_nothing_is_refused(more: dict[str, Any]) -> None:
    assert "orderConfig" in refusal(one(**more))


# smallcases ------------------------------------------------------------------------------------

CONTINUING = ["INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT"]


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


@pytest.mark.parametrize("kind", CONTINUING)
def test_each_later_order_goes_on_in_an_investment_of_a_linked_account(kind: str) -> None:
    body = smallcase(kind, scid=SCID, iscid=ISCID, did="5d94")

    assert sent(body)["orderConfig"] == {"type": kind, "scid": SCID, "iscid": ISCID, "did": "5d94"}
    assert order_of(body) == OrderRequest(kind, scid=SCID, iscid=ISCID)
    assert "iscid is needed" in refusal(smallcase(kind, scid=SCID))
    assert "smallcaseAuthId is needed" in refusal(smallcase(kind, None, iscid=ISCID))


def test_buying_needs_the_smallcase() -> None:
    assert "scid is needed for BUY" in refusal(smallcase("BUY", iscid=ISCID))


@pytest.mark.parametrize("kind", ["DUMMY", "RECONCILIATION", "buy", "", None])
def test_a_kind_of_order_that_is_not_offered_is_refused(kind: Any) -> None:
    assert "orderConfig.type: must be one of" in refusal(smallcase(kind, scid=SCID, iscid=ISCID))


@pytest.mark.parametrize("identifier", ["", "a b", "../x", "a" * 65, "ä", 5, "a\n"])
def test_an_identifier_is_one(identifier: Any) -> None:
    assert "iscid" in refusal(smallcase("EXIT", iscid=identifier))


# Everything else -------------------------------------------------------------------------------


@pytest.mark.parametrize("intent", ["SIP_SETUP", "IMR_SETUP", "CANCEL_AMO"])
def test_what_concerns_an_investment_names_it_and_its_account(intent: str) -> None:
    body = {"intent": intent, "orderConfig": {"iscid": ISCID}, "smallcaseAuthId": ACCOUNT}

    assert sent(body) == {"intent": intent, "orderConfig": {"iscid": ISCID}}
    assert order_of(body) == OrderRequest(iscid=ISCID)
    assert "smallcaseAuthId" in refusal({"intent": intent, "orderConfig": {"iscid": ISCID}})
    assert "iscid" in refusal(body | {"orderConfig": {}})


def test_cancelling_names_the_batch_and_the_ticker() -> None:
    body = {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": "5ef5b24a4d6cd54b4a3a8c11", "ticker": "M&M"}}

    assert sent(body) == body
    assert order_of(body) == OrderRequest(batch_id="5ef5b24a4d6cd54b4a3a8c11", ticker="M&M")
    assert "ticker" in refusal({"intent": "CANCEL_ORDER", "orderConfig": {"batchId": "5ef5"}})
    assert "batchId" in refusal({"intent": "CANCEL_ORDER", "orderConfig": {"ticker": "M&M"}})


@pytest.mark.parametrize("config", [{"scid": SCID}, {"scid": SCID, "iscid": ISCID}])
@pytest.mark.parametrize("account", [{}, {"smallcaseAuthId": ACCOUNT}])
def test_a_subscription_names_the_smallcase(config: dict[str, Any], account: dict[str, Any]) -> None:
    body = {"intent": "SUBSCRIPTION", "config": config}

    assert sent(body | account) == body
    assert "scid" in refusal({"intent": "SUBSCRIPTION", "config": {"iscid": ISCID}})


def test_funds_are_those_of_a_linked_account() -> None:
    assert sent({"intent": "FETCH_FUNDS", "smallcaseAuthId": ACCOUNT}) == {"intent": "FETCH_FUNDS"}
    assert "smallcaseAuthId" in refusal({"intent": "FETCH_FUNDS"})


def test_holdings_are_authorised_for_a_linked_account() -> None:
    assert sent({"intent": "AUTHORISE_HOLDINGS", "smallcaseAuthId": ACCOUNT}) == {"intent": "AUTHORISE_HOLDINGS"}
    assert "smallcaseAuthId" in refusal({"intent": "AUTHORISE_HOLDINGS"})


def test_connecting_is_for_guests() -> None:
    assert sent({"intent": "CONNECT"}) == {"intent": "CONNECT"}
    assert "smallcaseAuthId" in refusal({"intent": "CONNECT", "smallcaseAuthId": ACCOUNT})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, {"version": "v2"}),
        ({"version": "v1"}, {}),
        ({"assetConfig": {"mfHoldings": "true"}}, {"version": "v2", "assetConfig": {"mfHoldings": True}}),
    ],
)
def test_an_import_goes_out_as_the_contract_has_it(more: dict[str, Any], told: dict[str, Any]) -> None:
    assert sent({"intent": "HOLDINGS_IMPORT"} | more) == {"intent": "HOLDINGS_IMPORT"} | told


@pytest.mark.parametrize("intent", ["ONBOARDING", "transaction", "CANCEL"])
def test_an_intent_that_is_not_offered_is_refused(intent: str) -> None:
    assert "intent" in refusal({"intent": intent})


def test_the_apps_own_note_stays_with_us() -> None:
    assert "notes" not in sent(one() | {"notes": "for Asha's house"})


# Mutual funds ----------------------------------------------------------------------------------

PAN, PHONE, EMAIL = "ABCPE1234F", "9876543210", "asha@example.com"
BOTH = {"casDetail": True, "casSummary": True}


def funds(**asset: Any) -> dict[str, Any]:
    return {"intent": "MF_HOLDINGS_IMPORT", "assetConfig": asset}


def test_a_statement_needs_nothing_said() -> None:
    assert sent({"intent": "MF_HOLDINGS_IMPORT"}) == {"intent": "MF_HOLDINGS_IMPORT", "responseConfig": BOTH}


def test_a_statement_goes_out_as_the_contract_has_it() -> None:
    asset = {"fromDate": "2020-04-01", "toDate": "2026-03-31", "pan": PAN, "phone": PHONE, "email": EMAIL}
    body = funds(**asset, flow="wealth") | {"responseConfig": {"casDetail": False, "casSummary": True}}

    assert sent(body) == body


@pytest.mark.parametrize("asset", [{"pan": PAN, "phone": PHONE}, {"pan": PAN, "email": EMAIL}])
def test_a_pan_and_one_contact_prefill_the_form(asset: dict[str, Any]) -> None:
    assert sent(funds(**asset))["assetConfig"] == asset


@pytest.mark.parametrize("asset", [{"pan": PAN}, {"phone": PHONE}, {"email": EMAIL}, {"phone": PHONE, "email": EMAIL}])
def test_what_prefills_nothing_is_refused(asset: dict[str, Any]) -> None:
    assert "give pan together with phone or email" in refusal(funds(**asset))


BAD: dict[str, list[Any]] = {
    "pan": ["abcpe1234f", "ABCPE1234", "ABCPE12345", " ABCPE1234F", "ABCPE1234F\n", "1BCPE1234F", 5, ["ABCPE1234F"]],
    "phone": ["+919876543210", "987654321", "98765432100", "1234567890", "98765 43210", "९८७६५४३२१०", 9876543210],
    "email": ["asha", "asha@", "@example.com", "asha@example", "a sha@example.com", "a@b@example.com", 5],
    "fromDate": ["01-04-2020", "2020-13-01", "yesterday"],
    "flow": ["WEALTH", "lending"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_personal_data_that_does_not_fit_is_named_and_never_quoted(name: str, value: Any) -> None:
    told = refusal(funds(**({"pan": PAN, "phone": PHONE, "email": EMAIL} | {name: value})))

    assert f"assetConfig.{name}" in told
    for secret in (str(value), PAN, PHONE, EMAIL):
        assert secret not in told


@given(st.dictionaries(st.sampled_from(["pan", "phone", "email"]), st.text(st.characters(codec="ascii"), min_size=6)))
def test_no_refusal_quotes_what_was_sent(asset: dict[str, str]) -> None:
    try:
        request(funds(**asset))
    except RequestInvalid as refused:
        told = refused.detail.replace("assetConfig", "")
        assert all(value not in told for value in asset.values())
