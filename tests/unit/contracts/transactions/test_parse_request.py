"""The body of `POST /v1/transactions`: a wrong member is refused with its name and the reason."""

from typing import Any

import pytest
from pydantic import BaseModel

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.non_order_requests import ConnectRequest
from gateway_backend.contracts.transactions.request import HoldingsImportRequest
from gateway_backend.domain.shared.errors import RequestInvalid
from ops.api_reference.any_transaction_request import CreateTransactionRequest


def transaction_request(text: str) -> Any:
    return parse_body(CreateTransactionRequest, text.encode()).root


def refusal(model: type[BaseModel], text: str | bytes) -> str:
    with pytest.raises(RequestInvalid) as refused:
        parse_body(model, text if isinstance(text, bytes) else text.encode())
    return refused.value.detail


def test_an_import_is_v2_without_mutual_funds_by_default() -> None:
    found = transaction_request('{"intent":"HOLDINGS_IMPORT"}')

    assert isinstance(found, HoldingsImportRequest)
    assert (found.version, found.asset_config.mf_holdings, found.smallcase_auth_id, found.notes) == (
        "v2",
        False,
        None,
        None,
    )


def test_an_import_takes_every_option() -> None:
    text = (
        '{"intent":"HOLDINGS_IMPORT","version":"v1","assetConfig":{"mfHoldings":true},'
        '"smallcaseAuthId":"6195e288360acf9ebc060d23","notes":"mine"}'
    )

    found = transaction_request(text)

    assert (found.version, found.asset_config.mf_holdings, found.notes) == ("v1", True, "mine")
    assert found.smallcase_auth_id == "6195e288360acf9ebc060d23"


def test_mutual_funds_may_be_requested_by_the_text_true() -> None:
    assert transaction_request(
        '{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"true"}}'
    ).asset_config.mf_holdings


def test_a_connect_request_is_parsed() -> None:
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
def test_a_wrong_member_is_named(text: str, named: str) -> None:
    assert named in refusal(CreateTransactionRequest, text)


@pytest.mark.parametrize("raw", [b"\xff", b"\x00", b"[" * 100_000, b'{"intent":' * 100_000, b"not JSON"])
def test_broken_or_deeply_nested_json_is_refused(raw: bytes) -> None:
    assert "JSON" in refusal(CreateTransactionRequest, raw)


def test_a_refusal_quotes_no_value() -> None:
    assert "ABCDE1234F" not in refusal(CreateTransactionRequest, '{"intent":"CONNECT","notes":["ABCDE1234F"]}')
