"""What SDKs hand to the app, on every platform, comes down to the same four facts (contract 6)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.transactions.sdk_result import SdkResult, parse_sdk_result
from gateway_backend.domain.transactions.report import Failure

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzbWFsbGNhc2VBdXRoSWQiOiJhIn0.c2lnbmVk"
LOGGED_IN = {"smallcaseAuthToken": TOKEN, "broker": "kite"}
DONE = {**LOGGED_IN, "transactionId": "TRX_1"}
CANCELLED = Failure(1012, "user_cancelled")


@pytest.mark.parametrize(
    ("value", "transaction_id"),
    [
        pytest.param(DONE, "TRX_1", id="web holdings or connect"),
        pytest.param({**DONE, "signup": False, "notes": "n", "orderBatches": []}, "TRX_1", id="web order"),
        pytest.param(
            {"success": True, "transaction": "HOLDING_IMPORT", "data": {**DONE, "signup": False}},
            "TRX_1",
            id="React Native iOS",
        ),
        pytest.param(
            {"success": True, "transaction": "HOLDINGS_IMPORT", "data": json.dumps(DONE)},
            "TRX_1",
            id="React Native Android",
        ),
        pytest.param(
            {"success": True, "transaction": "TRANSACTION", "data": json.dumps({"data": {"batches": []}, **DONE})},
            "TRX_1",
            id="React Native order",
        ),
        pytest.param(
            json.dumps({"data": TOKEN, "broker": "kite", "success": True, "transaction": "HOLDINGS_IMPORT"}),
            None,
            id="Flutter Android holdings",
        ),
        pytest.param(
            json.dumps({"data": json.dumps({**LOGGED_IN, "signup": False}), "success": True}),
            None,
            id="Flutter iOS holdings",
        ),
        pytest.param(json.dumps({"data": json.dumps(DONE), "success": True}), "TRX_1", id="Flutter connect"),
        pytest.param(
            json.dumps({**DONE, "success": True, "transaction": "TRANSACTION"}), "TRX_1", id="Flutter iOS order"
        ),
        pytest.param(
            {"success": True, "transaction": "HOLDING_IMPORT", "data": {**DONE, "success": True}}, "TRX_1", id="Cordova"
        ),
    ],
)
def test_a_success_gives_token_broker_and_transaction(value: Any, transaction_id: str | None) -> None:
    assert parse_sdk_result(value, rejected=False) == SdkResult(TOKEN, "kite", transaction_id, None)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"code": 1012, "message": "user_cancelled", "data": LOGGED_IN}, id="web"),
        pytest.param({"code": 1012, "message": "user_cancelled", **LOGGED_IN}, id="web, data beside"),
        pytest.param({"code": "1012", "message": "user_cancelled", "data": json.dumps(LOGGED_IN)}, id="code as text"),
        pytest.param(
            {"userInfo": {"errorCode": 1012, "errorMessage": "user_cancelled", "data": json.dumps(LOGGED_IN)}},
            id="React Native",
        ),
        pytest.param(
            {
                "code": "scgateway",
                "message": "something native",
                "userInfo": {"errorCode": 1012, "errorMessage": "user_cancelled", "data": json.dumps(LOGGED_IN)},
            },
            id="React Native with a native code",
        ),
        pytest.param(
            {
                "code": json.dumps(
                    {"errorCode": 1012, "errorMessage": "user_cancelled", "data": json.dumps(LOGGED_IN)}
                ),
                "message": None,
            },
            id="Flutter PlatformException",
        ),
        pytest.param(
            {"success": False, "errorCode": 1012, "error": "user_cancelled", "data": json.dumps(LOGGED_IN)},
            id="Cordova",
        ),
    ],
)
def test_a_failure_keeps_its_code_and_the_account_that_the_user_logged_in_to(value: Any) -> None:
    assert parse_sdk_result(value, rejected=True) == SdkResult(TOKEN, "kite", None, CANCELLED)


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        ("user_cancelled", Failure(1002, "user_cancelled")),
        ("Error: market_closed", Failure(4004, "Error: market_closed")),
        ({"message": "user_cancelled"}, Failure(1002, "user_cancelled")),
        ({"message": "Order_Pending"}, Failure(4006, "Order_Pending")),
        ({"error": "invalid_transactionId"}, Failure(3002, "invalid_transactionId")),
        ({"message": "webhook_unreachable"}, Failure(2000, "webhook_unreachable")),
        ({"data": LOGGED_IN, "message": "user_mismatch"}, Failure(1001, "user_mismatch")),
        ("{}", Failure(2000, "internal_error")),
        ({}, Failure(2000, "internal_error")),
        ("", Failure(2000, "internal_error")),
        (None, Failure(2000, "internal_error")),
    ],
)
def test_a_rejection_without_a_code_has_the_code_of_its_message(value: Any, failure: Failure) -> None:
    assert parse_sdk_result(value, rejected=True).failure == failure


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"errorCode": 1012, "errorMessage": "user_cancelled", "data": json.dumps(LOGGED_IN)}),
        {"success": True, "data": json.dumps({"errorCode": 1012, "errorMessage": "user_cancelled"} | LOGGED_IN)},
        {"errorCode": "1012", "errorMessage": "user_cancelled", "data": LOGGED_IN},
    ],
    ids=["Flutter Android", "Flutter iOS", "code as text"],
)
def test_a_failure_that_a_bridge_returns_is_a_failure(value: Any) -> None:
    assert parse_sdk_result(value, rejected=False) == SdkResult(TOKEN, "kite", None, CANCELLED)


@pytest.mark.parametrize("code", [None, 0, "0", ""])
def test_a_success_with_an_empty_code_is_a_success(code: Any) -> None:
    assert parse_sdk_result(DONE | {"errorCode": code}, rejected=False).failure is None


def test_half_an_emoji_in_a_nested_text_hides_nothing() -> None:
    text = '{"errorCode":1012,"errorMessage":"user_cancelled","broker":"\\ud83d"}'

    assert parse_sdk_result({"data": text}, rejected=True) == SdkResult(broker="\ufffd", failure=CANCELLED)


def test_a_failure_through_the_success_path_is_a_failure() -> None:
    """Cordova on iOS does that (contract 6.3)."""
    value = {"success": False, "errorCode": 1012, "error": "user_cancelled"}

    assert parse_sdk_result(value, rejected=False) == SdkResult(failure=CANCELLED)
    assert parse_sdk_result(json.dumps(value), rejected=False) == SdkResult(failure=CANCELLED)


def test_a_resolved_result_with_a_message_is_no_failure() -> None:
    assert parse_sdk_result({**DONE, "message": "done", "code": 5}, rejected=False).failure is None


@pytest.mark.parametrize("code", [None, "", "user_cancelled", True, 10**60, "9" * 60, -5, 1.5, "١٢", [1012], {"a": 1}])
def test_an_invalid_code_becomes_an_internal_error(code: Any) -> None:
    assert parse_sdk_result({"errorCode": code}, rejected=True).failure == Failure(2000, "internal_error")


def test_a_long_message_is_cut() -> None:
    failure = parse_sdk_result({"code": 2000, "message": "m" * 10_000}, rejected=True).failure

    assert failure is not None
    assert len(failure.message) == 100


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "text",
        5,
        [],
        {},
        {"data": None},
        {"smallcaseAuthToken": 5, "broker": ["kite"], "transactionId": {}},
        "{",
        "[1]",
    ],
)
def test_a_value_without_known_members_is_an_empty_result(value: Any) -> None:
    assert parse_sdk_result(value, rejected=False) == SdkResult()


@pytest.mark.parametrize(
    "text",
    ['{"data":' * 100_000, '{"broker":"kite","code":' + "9" * 5000 + "}", '{"broker":NaN}'],
)
def test_hostile_nested_text_does_no_harm(text: str) -> None:
    found = parse_sdk_result({"data": text}, rejected=False)

    assert found.broker in (None, "kite")
    assert (found.broker or "").encode() is not None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.just(TOKEN)
        | st.just(json.dumps(DONE)),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["data", "code", "message", "error", "success", "userInfo", "broker", "smallcaseAuthToken"]
                ),
                inner,
                max_size=4,
            )
        ),
    ),
    st.booleans(),
)
def test_any_value_is_parsed(value: Any, rejected: bool) -> None:
    found = parse_sdk_result(value, rejected=rejected)

    assert found.failure is not None or not rejected
    assert found.token is None or isinstance(found.token, str)
