"""The body of `POST /v1/transactions`: a wrong member is refused with its name and the reason.

Parsed as the function does, and with the model that docs/openapi.json is made of: both accept and refuse the same.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.non_order_requests import ConnectRequest
from gateway_backend.contracts.transactions.parse_request import parse_transaction_request
from gateway_backend.contracts.transactions.request import HoldingsImportRequest
from gateway_backend.domain.shared.errors import RequestInvalid
from ops.api_reference.any_transaction_request import CreateTransactionRequest

type Parse = Callable[[bytes], Any]


@pytest.fixture(params=["function", "openapi"])
def parse(request: pytest.FixtureRequest) -> Parse:
    if request.param == "function":
        return parse_transaction_request
    return lambda raw: parse_body(CreateTransactionRequest, raw).root


def refusal(parse: Parse, raw: bytes) -> str:
    with pytest.raises(RequestInvalid) as refused:
        parse(raw)
    return refused.value.detail


def test_an_import_is_v2_without_mutual_funds_by_default(parse: Parse) -> None:
    found = parse(b'{"intent":"HOLDINGS_IMPORT"}')

    assert isinstance(found, HoldingsImportRequest)
    assert (found.version, found.asset_config.mf_holdings, found.smallcase_auth_id, found.notes) == (
        "v2",
        False,
        None,
        None,
    )


def test_an_import_takes_every_option(parse: Parse) -> None:
    text = (
        '{"intent":"HOLDINGS_IMPORT","version":"v1","assetConfig":{"mfHoldings":true},'
        '"smallcaseAuthId":"6195e288360acf9ebc060d23","notes":"mine"}'
    )

    found = parse(text.encode())

    assert (found.version, found.asset_config.mf_holdings, found.notes) == ("v1", True, "mine")
    assert found.smallcase_auth_id == "6195e288360acf9ebc060d23"


def test_mutual_funds_may_be_requested_by_the_text_true(parse: Parse) -> None:
    assert parse(b'{"intent":"HOLDINGS_IMPORT","assetConfig":{"mfHoldings":"true"}}').asset_config.mf_holdings


def test_a_connect_request_is_parsed(parse: Parse) -> None:
    assert parse(b'{"intent":"CONNECT","notes":"mine"}') == ConnectRequest(intent="CONNECT", notes="mine")


def test_notes_may_have_256_characters_of_any_script(parse: Parse) -> None:
    assert parse(f'{{"intent":"CONNECT","notes":"{"₹" * 256}"}}'.encode()).notes == "₹" * 256


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
        ('{"intent":"CONNECT","notes":"\\u"}', "JSON"),
    ],
)
def test_a_wrong_member_is_named(parse: Parse, text: str, named: str) -> None:
    assert named in refusal(parse, text.encode())


@pytest.mark.parametrize("raw", [b"\xff", b"\x00", b"[" * 100_000, b'{"intent":' * 100_000, b"not JSON"])
def test_broken_or_deeply_nested_json_is_refused(parse: Parse, raw: bytes) -> None:
    assert "JSON" in refusal(parse, raw)


def test_a_refusal_quotes_no_value(parse: Parse) -> None:
    assert "ABCDE1234F" not in refusal(parse, b'{"intent":"CONNECT","notes":["ABCDE1234F"]}')


def test_half_an_emoji_in_a_note_is_replaced() -> None:
    body = rb'{"intent":"HOLDINGS_IMPORT","version":"v2","notes":"gold \ud83d","assetConfig":{"mfHoldings":false}}'

    assert parse_transaction_request(body).notes == "gold \ufffd"
