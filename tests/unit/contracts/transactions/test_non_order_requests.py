"""Requests for what is neither an import nor an order: what may be requested, and what Gateway gets (2.1, 2.4)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.transaction_requests import ACCOUNT, ISCID, SCID, order_of, refusal, request, sent

INVESTMENT_INTENTS = pytest.mark.parametrize("intent", ["SIP_SETUP", "IMR_SETUP", "CANCEL_AMO"])
ACCOUNT_INTENTS = pytest.mark.parametrize("intent", ["FETCH_FUNDS", "AUTHORISE_HOLDINGS"])


@INVESTMENT_INTENTS
def test_what_concerns_an_investment_is_sent_with_it(intent: str) -> None:
    body = {"intent": intent, "orderConfig": {"iscid": ISCID}, "smallcaseAuthId": ACCOUNT}

    assert sent(body) == {"intent": intent, "orderConfig": {"iscid": ISCID}}
    assert order_of(body) == OrderRequest(iscid=ISCID)


@INVESTMENT_INTENTS
def test_what_concerns_an_investment_needs_its_account(intent: str) -> None:
    assert "smallcaseAuthId" in refusal({"intent": intent, "orderConfig": {"iscid": ISCID}})


@INVESTMENT_INTENTS
def test_what_concerns_an_investment_needs_the_investment(intent: str) -> None:
    assert "iscid" in refusal({"intent": intent, "orderConfig": {}, "smallcaseAuthId": ACCOUNT})


@pytest.mark.parametrize("config", [{"scid": SCID}, {"scid": SCID, "iscid": ISCID}])
@pytest.mark.parametrize("account", [{}, {"smallcaseAuthId": ACCOUNT}])
def test_a_subscription_is_sent_with_its_smallcase(config: dict[str, Any], account: dict[str, Any]) -> None:
    body = {"intent": "SUBSCRIPTION", "config": config}

    assert sent(body | account) == body


def test_a_subscription_needs_the_smallcase() -> None:
    assert "scid" in refusal({"intent": "SUBSCRIPTION", "config": {"iscid": ISCID}})


@ACCOUNT_INTENTS
def test_funds_and_an_authorisation_are_requested_without_the_account(intent: str) -> None:
    """Gateway reads the account in the token."""
    assert sent({"intent": intent, "smallcaseAuthId": ACCOUNT}) == {"intent": intent}


@ACCOUNT_INTENTS
def test_funds_and_an_authorisation_need_a_linked_account(intent: str) -> None:
    assert "smallcaseAuthId" in refusal({"intent": intent})


def test_a_guest_may_connect() -> None:
    assert sent({"intent": "CONNECT"}) == {"intent": "CONNECT"}


def test_a_linked_account_is_refused_to_connect() -> None:
    assert "smallcaseAuthId" in refusal({"intent": "CONNECT", "smallcaseAuthId": ACCOUNT})


# Mutual funds ----------------------------------------------------------------------------------

PAN, PHONE, EMAIL = "ABCPE1234F", "9876543210", "asha@example.com"
BOTH = {"casDetail": True, "casSummary": True}


def funds(**asset: Any) -> dict[str, Any]:
    return {"intent": "MF_HOLDINGS_IMPORT", "assetConfig": asset}


def test_a_statement_is_requested_with_details_and_summary_by_default() -> None:
    assert sent({"intent": "MF_HOLDINGS_IMPORT"}) == {"intent": "MF_HOLDINGS_IMPORT", "responseConfig": BOTH}


def test_the_request_for_a_statement_is_sent_as_the_contract_has_it() -> None:
    asset = {"fromDate": "2020-04-01", "toDate": "2026-03-31", "pan": PAN, "phone": PHONE, "email": EMAIL}
    body = funds(**asset, flow="wealth") | {"responseConfig": {"casDetail": False, "casSummary": True}}

    assert sent(body) == body


@pytest.mark.parametrize("asset", [{"pan": PAN, "phone": PHONE}, {"pan": PAN, "email": EMAIL}])
def test_a_pan_and_a_contact_prefill_the_form(asset: dict[str, Any]) -> None:
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
def test_wrong_personal_data_is_named_and_never_quoted(name: str, value: Any) -> None:
    detail = refusal(funds(**({"pan": PAN, "phone": PHONE, "email": EMAIL} | {name: value})))

    assert f"assetConfig.{name}" in detail
    for secret in (str(value), PAN, PHONE, EMAIL):
        assert secret not in detail


@given(st.dictionaries(st.sampled_from(["pan", "phone", "email"]), st.text(st.characters(codec="ascii"), min_size=6)))
def test_no_refusal_quotes_the_body(asset: dict[str, str]) -> None:
    try:
        request(funds(**asset))
    except RequestInvalid as refused:
        detail = refused.detail.replace("assetConfig", "")
        assert all(value not in detail for value in asset.values())
