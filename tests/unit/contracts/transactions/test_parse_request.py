"""The app's bodies: what does not fit is refused with the field's name and the reason."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from gateway_backend.contracts.connections.session import SessionRequest
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.non_order_requests import ConnectRequest
from gateway_backend.contracts.transactions.request import HoldingsImportRequest
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.shared.errors import RequestInvalid
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Status
from gateway_backend.domain.transactions.transaction import Transaction
from ops.api_reference.any_transaction_request import CreateTransactionRequest

NOW = datetime(2026, 11, 20, 10, 0, 0, 1000, tzinfo=UTC)


def transaction_request(text: str) -> Any:
    return parse_body(CreateTransactionRequest, text.encode()).root


def refusal(model: type[BaseModel], text: str | bytes) -> str:
    with pytest.raises(RequestInvalid) as refused:
        parse_body(model, text if isinstance(text, bytes) else text.encode())
    return refused.value.detail


def test_an_import_is_v2_without_mutual_funds_unless_asked() -> None:
    found = transaction_request('{"intent":"HOLDINGS_IMPORT"}')

    assert isinstance(found, HoldingsImportRequest)
    assert (found.version, found.asset_config.mf_holdings, found.smallcase_auth_id, found.notes) == (
        "v2",
        False,
        None,
        None,
    )


def test_everything_can_be_asked_for() -> None:
    text = (
        '{"intent":"HOLDINGS_IMPORT","version":"v1","assetConfig":{"mfHoldings":true},'
        '"smallcaseAuthId":"6195e288360acf9ebc060d23","notes":"mine"}'
    )

    found = transaction_request(text)

    assert (found.version, found.asset_config.mf_holdings, found.notes) == ("v1", True, "mine")
    assert found.smallcase_auth_id == "6195e288360acf9ebc060d23"


def test_gateways_own_sample_passes_mf_holdings_as_text() -> None:
    assert transaction_request(
        '{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"true"}}'
    ).asset_config.mf_holdings


def test_connect_is_known() -> None:
    assert transaction_request('{"intent":"CONNECT","notes":"mine"}') == ConnectRequest(intent="CONNECT", notes="mine")


def test_notes_may_have_256_characters_of_any_script() -> None:
    assert transaction_request('{"intent":"CONNECT","notes":"' + "₹" * 256 + '"}').notes == "₹" * 256


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"intent":"SELL_EVERYTHING"}', "intent"),
        ("{}", "intent"),
        ("", "intent"),
        ('{"intent":null}', "intent"),
        ('{"intent":["CONNECT"]}', "intent"),
        ('{"intent":"CONNECT","notes":"' + "₹" * 257 + '"}', "notes"),
        ('{"intent":"CONNECT","notes":5}', "notes"),
        ('{"intent":"CONNECT","version":"v2"}', "version"),
        ('{"intent":"CONNECT","user":"somebody-else"}', "user"),
        ('{"intent":"HOLDINGS_IMPORT","version":"v3"}', "version"),
        ('{"intent":"HOLDINGS_IMPORT","version":2}', "version"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":[]}', "assetConfig"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"perhaps"}}', "assetConfig.mfHoldings"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":1}}', "assetConfig.mfHoldings"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"false"}}', "assetConfig.mfHoldings"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"yes"}}', "assetConfig.mfHoldings"),
        ('{"intent":"HOLDINGS_IMPORT","assetConfig":{"pan":"ABCDE1234F"}}', "assetConfig.pan"),
        ('{"intent":"HOLDINGS_IMPORT","smallcaseAuthId":""}', "smallcaseAuthId"),
        ('{"intent":"HOLDINGS_IMPORT","smallcaseAuthId":"../x"}', "smallcaseAuthId"),
        ('{"intent":"HOLDINGS_IMPORT","smallcaseAuthId":"' + "a" * 65 + '"}', "smallcaseAuthId"),
        ('{"intent":"HOLDINGS_IMPORT","smallcase_auth_id":"a"}', "smallcase_auth_id"),
        ("[]", "object"),
        ("5", "object"),
        ("{", "JSON"),
        ('{"intent":"CONNECT","notes":"\\ud800"}', "JSON"),
    ],
)
def test_what_does_not_fit_is_named(text: str, named: str) -> None:
    assert named in refusal(CreateTransactionRequest, text)


@pytest.mark.parametrize("raw", [b"\xff", b"\x00", b"[" * 100_000, b'{"intent":' * 100_000, b"not JSON"])
def test_what_is_not_json_or_nests_without_end_is_refused(raw: bytes) -> None:
    assert "JSON" in refusal(CreateTransactionRequest, raw)


def test_a_refusal_does_not_quote_what_was_sent() -> None:
    assert "ABCDE1234F" not in refusal(CreateTransactionRequest, '{"intent":"CONNECT","notes":["ABCDE1234F"]}')


def test_a_session_needs_no_body() -> None:
    assert parse_body(SessionRequest, b"").smallcase_auth_id is None
    assert parse_body(SessionRequest, b'{"smallcaseAuthId":"abc"}').smallcase_auth_id == "abc"
    assert "smallcaseAuthId" in refusal(SessionRequest, '{"smallcaseAuthId":5}')


# A result --------------------------------------------------------------------------------------


def test_a_result_is_what_the_sdk_gave_even_when_that_is_nothing() -> None:
    resolved = parse_body(ResultRequest, b'{"platform":"web","resolved":{"broker":"kite"}}')
    nothing = parse_body(ResultRequest, b'{"platform":"cordova","rejected":null}')

    assert (resolved.was_rejected, resolved.given) == (False, {"broker": "kite"})
    assert (nothing.was_rejected, nothing.given) == (True, None)


@pytest.mark.parametrize("platform", ["web", "react-native", "flutter", "cordova", "ios", "android"])
def test_every_platform_is_known(platform: str) -> None:
    assert parse_body(ResultRequest, f'{{"platform":"{platform}","resolved":"text"}}'.encode()).platform == platform


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"platform":"web"}', "exactly one of resolved and rejected"),
        ('{"platform":"web","resolved":{},"rejected":{}}', "exactly one of resolved and rejected"),
        ('{"platform":"smart-tv","resolved":{}}', "platform"),
        ('{"resolved":{}}', "platform"),
        ('{"platform":"web","resolved":{},"success":true}', "success"),
    ],
)
def test_a_result_that_does_not_fit_is_named(text: str, named: str) -> None:
    assert named in refusal(ResultRequest, text)


# An answer -------------------------------------------------------------------------------------


def test_a_transaction_is_shown_with_words_for_the_user() -> None:
    failed = Transaction(
        *("TRX_1", "user-1", Intent.CONNECT, NOW, NOW, "correlation-1"),
        status=Status.ERRORED,
        failure=Failure(1003, "consent_denied"),
        note="mine",
    )

    shown = TransactionView.of(failed).model_dump(by_alias=True, mode="json")

    assert shown["error"] == {
        "code": 1003,
        "message": "consent_denied",
        "text": "You did not allow access to your broker account.",
        "action": "RECONNECT",
    }
    assert (shown["transactionId"], shown["createdAt"], shown["final"]) == ("TRX_1", "2026-11-20T10:00:00.001Z", True)
    assert "owner" not in shown


@pytest.mark.parametrize("reason", ["ACCOUNT_MISMATCH", "ACCOUNT_OF_ANOTHER_USER", "CONNECTION_WITHDRAWN"])
def test_a_refused_transaction_says_why(reason: str) -> None:
    refused = Transaction("TRX_1", "user-1", Intent.CONNECT, NOW, NOW, "correlation-1", link_refusal=reason)

    shown = TransactionView.of(refused)

    assert shown.final
    assert shown.error is not None
    assert (shown.error.code, shown.error.message) == (409, reason)
