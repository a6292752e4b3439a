"""Exact JSON: no digit is lost between the wire and the wire, whatever a number looks like."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.exact_json import JsonUnreadable, dumps, loads, members, storable
from testing.portfolios import GUIDE_002

DEEP = 100_000

WHOLE = st.integers(-(10**40), 10**40)
FRACTIONS = st.decimals(allow_nan=False, allow_infinity=False, places=20) | st.floats(
    allow_nan=False, allow_infinity=False
).map(lambda number: Decimal(repr(number)))
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | FRACTIONS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "number",
    [
        "-36.65253999999927",
        "1.3100000000000023",
        "1575.0900000000001",
        "0.1",
        "36.680",
        "100.00",
        "-0.0",
        "9007199254740993",
        "123456789012345678901234567890.123456789012345678901234567890",
    ],
)
def test_a_number_keeps_its_digits(number: str) -> None:
    assert dumps(loads(f'{{"totalReturns":{number}}}')) == f'{{"totalReturns":{number}}}'


def test_an_exponent_is_written_out_in_full() -> None:
    assert dumps(loads("[1.5e3,25E-4]")) == "[1500,0.0025]"


@given(VALUES)
def test_a_written_value_is_read_as_the_same_value(value: Any) -> None:
    again = loads(dumps(value))

    assert again == value
    assert json.loads(dumps(value)) == json.loads(dumps(again))


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.sampled_from([None, 0, 2]), st.booleans())
def test_a_member_keeps_the_text_it_arrived_as(value: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    given_text = json.dumps(loads(dumps(value)), default=float, indent=indent, ensure_ascii=ascii_only)

    found = members(f" {given_text}\n")

    assert {name: parsed for name, (_, parsed) in found.items()} == loads(given_text)
    for text, parsed in found.values():
        assert text in given_text
        assert loads(text) == parsed


def test_the_digits_of_a_member_stay_in_its_text() -> None:
    text, parsed = members(GUIDE_002)["data"]

    assert '"totalReturns": 1.3100000000000023' in text
    assert parsed["smallcases"]["private"]["stats"]["totalReturns"] == Decimal("1.3100000000000023")
    assert text in GUIDE_002


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_unreadable_rather_than_a_crash(opening: str) -> None:
    with pytest.raises(JsonUnreadable, match="nested"):
        loads(opening * DEEP)
    with pytest.raises(JsonUnreadable, match="nested"):
        members('{"data":' + opening * DEEP)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e99999999999999999999", "-1" + "1" * 5000])
def test_a_number_that_nobody_can_hold_is_null_and_hides_nothing_else(number: str) -> None:
    text = f'{{"name":"NaN 1e99999999999999999999 \\" NaN","quantity":{number},"price":1.50}}'
    name = 'NaN 1e99999999999999999999 " NaN'

    assert loads(text) == {"name": name, "quantity": None, "price": Decimal("1.50")}
    assert members(text)["quantity"] == ("null", None)
    assert members(text)["price"] == ("1.50", Decimal("1.50"))


@pytest.mark.parametrize(
    ("escaped", "parsed"),
    [
        (r"\ud83d", "\ufffd"),
        (r"\uDE00", "\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ud83dx\ude00", "\ufffdx\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
    ],
)
def test_half_an_emoji_is_replaced_and_every_other_character_stays(escaped: str, parsed: str) -> None:
    text = f'{{"message":"{escaped}"}}'

    assert loads(text) == {"message": parsed}
    assert loads(members(text)["message"][0]) == parsed
    assert dumps(loads(text)).encode()


@given(VALUES)
def test_what_can_be_stored_is_not_touched(value: Any) -> None:
    for text in (dumps(value), json.dumps(value, default=str)):
        assert storable(text) == text


@pytest.mark.parametrize("number", ["1.", "01"])
def test_an_invalid_number_is_unreadable(number: str) -> None:
    with pytest.raises(JsonUnreadable):
        loads(f'{{"quantity":{number}}}')
    with pytest.raises(JsonUnreadable):
        members(f'{{"quantity":{number}}}')


@pytest.mark.parametrize(
    "text", ["", " ", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', "{,}", '{"a" 1}', '{"a":1}x', '{"a":1}{}', "{1:2}"]
)
def test_broken_json_is_unreadable(text: str) -> None:
    with pytest.raises(JsonUnreadable):
        loads(text)
    with pytest.raises(JsonUnreadable):
        members(text)


@pytest.mark.parametrize("text", ["[]", '"text"', "5", "null"])
def test_only_an_object_has_members(text: str) -> None:
    with pytest.raises(JsonUnreadable):
        members(text)


def test_bytes_may_begin_with_a_byte_order_mark() -> None:
    assert loads(b'\xef\xbb\xbf{"name":"\xe2\x82\xb9"}') == {"name": "₹"}


def test_a_byte_that_is_no_utf8_is_replaced() -> None:
    assert loads(b'{"name":"\xff","isin":"INE1"}') == {"name": "\ufffd", "isin": "INE1"}


def test_the_last_of_two_members_of_the_same_name_counts() -> None:
    assert members('{"a":1.0,"a":2.50}') == {"a": ("2.50", Decimal("2.50"))}
    assert loads('{"a":1.0,"a":2.50}') == {"a": Decimal("2.50")}
