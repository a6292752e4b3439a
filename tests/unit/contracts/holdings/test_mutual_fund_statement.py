"""A mutual fund statement is kept without the investor's personal data, and within bounds (contract 3.6)."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.contracts.holdings.mutual_fund_statement import strip_personal_data
from gateway_backend.domain.shared import exact_json

PAN = "ABCDE1234F"


def kept(data: Any) -> Any:
    text = strip_personal_data({"data": data})
    return None if text is None else exact_json.loads(text)


def test_the_digits_of_a_statement_stay() -> None:
    data = {"units": Decimal("12.3450"), "nav": Decimal("0.10"), "count": 3, "open": True}
    text = strip_personal_data({"data": data})

    assert text == '{"units":12.3450,"nav":0.10,"count":3,"open":true}'


def test_personal_data_is_left_out_wherever_it_stands() -> None:
    statement = {"folios": [{"pan": PAN, "folio": "1/2", "note": f"of {PAN}", "investorName": "A", "mail": "a@b.in"}]}

    assert kept(statement) == {"folios": [{"folio": "1/2", "note": None, "mail": None}]}


def test_the_envelope_is_no_part_of_a_statement_without_data() -> None:
    body = {"transactionId": "TRX_1", "timestamp": "T", "checksum": "C", "intent": "MF_HOLDINGS_IMPORT"}

    assert strip_personal_data(body | {"smallcaseAuthId": "account-1", "schemes": []}) == '{"schemes":[]}'
    assert strip_personal_data(body) is None


def test_what_is_nested_beyond_all_bounds_is_left_out_and_hides_nothing() -> None:
    deep = exact_json.loads('{"a":' * 2000 + f'"{PAN}"' + "}" * 2000)
    text = strip_personal_data({"data": {"folio": "1/2", "deep": deep}})

    assert text is not None
    assert '"folio":"1/2"' in text
    assert PAN not in text


@pytest.mark.parametrize("number", ["1e-999999", "1e20000000", "9" * 100])
def test_an_absurd_number_costs_only_itself(number: str) -> None:
    assert kept({"folio": "1/2", "units": Decimal(number)}) == {"folio": "1/2", "units": None}


def test_an_endless_text_is_left_out_at_once() -> None:
    started = time.process_time()

    assert kept({"folio": "1/2", "x" * 2000: 1, "note": "a" * 400_000 + PAN}) == {"folio": "1/2", "note": None}
    assert time.process_time() - started < 1


def test_half_an_emoji_can_be_stored() -> None:
    body = exact_json.loads(b'{"data":{"scheme":"gold \\ud83d"}}')

    assert json.loads((strip_personal_data(body) or "").encode()) == {"scheme": "gold \ufffd"}
