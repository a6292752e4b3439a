"""The form of an account opening: what is right reaches the SDK untouched, the rest is refused with the remedy."""

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from gateway_backend.contracts.connections.account_opening import (
    CONTACT,
    EMAIL,
    NAME,
    PIN_CODE,
    AccountOpeningRequest,
    Format,
)
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.account_openings import opening_request

FORMATS = {"name": NAME, "email": EMAIL, "contact": CONTACT, "pinCode": PIN_CODE}


GOOD = {
    "name": ["A", "Asha Rao", "D'Souza-Ñ", "आशा राव", "ക്ഷ\u200dn\u200c", "x" * 100, " Asha "],
    "email": [
        "a@b.co",
        "asha.rao+kyc@mail.example.co.in",
        "o'neil_1@example.museum",
        "x@xn--p1b6ci4b4b3a.xn--11b5bs8d",
        "a" * 64 + "@example.com",
        "a@" + ("b" * 61 + ".") * 4 + "coms",
    ],
    "contact": ["6000000000", "9876543210", "7999999999", "8123456789"],
    "pinCode": ["560001", "110001", "999999"],
}


BAD = {
    "name": ["", " ", "\u00a0", "x" * 101, "a\nb", "a\x00", "a\u202eb", "a\u200b", "a\x7f", "\ufeffa", 5, ["Asha"], {}],
    "email": [
        *("", "asha", "asha@", "@example.com", "asha@example", "a b@example.com", "asha@example.com\n", "a@b@c.com"),
        *(".asha@example.com", "asha.@example.com", "a..b@example.com", "a@-example.com", "a@example-.com", "a@.com"),
        *("a@example..com", "a@example.c", "a@example.1", "आशा@example.com", "a@[127.0.0.1]"),
        "a@" + ("b" * 61 + ".") * 4 + "comes",
        "<asha@example.com>",
        5,
        True,
    ],
    "contact": [
        *("", "5876543210", "0987654321", "987654321", "98765432100", "+919876543210", "98765 43210", "९८७६५४३२१०"),
        *("9876543210\n", " 9876543210", "9८७६५४३२१०", 9876543210, True),
    ],
    "pinCode": ["", "056001", "56001", "5600011", "560 001", "५६०००१", "5६०००१", "560001\n", 560001, False],
}


every_good = pytest.mark.parametrize(("field", "value"), [(field, value) for field in GOOD for value in GOOD[field]])


every_bad = pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]])


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(RequestInvalid) as refused:
        opening_request(body)
    return refused.value.detail


def answer_to(body: dict[str, Any]) -> dict[Any, str] | str:
    try:
        return dict(opening_request(body).signup)
    except RequestInvalid as refused:
        return refused.detail


@every_good
def test_a_good_value_reaches_the_sdk_untouched(field: str, value: str) -> None:
    assert opening_request({field: value}).signup == {field: value}


@every_bad
def test_a_bad_value_is_refused_with_the_remedy_and_without_the_value(field: str, value: Any) -> None:
    assert refusal({field: value}) == f"{field}: must be {FORMATS[field].remedy}"


@given(st.sampled_from([*FORMATS]), st.text() | st.text("0123456789+ ", max_size=14) | st.emails())
def test_any_text_is_either_handed_on_untouched_or_refused_in_the_same_words(field: str, value: str) -> None:
    assert answer_to({field: value}) in ({field: value}, f"{field}: must be {FORMATS[field].remedy}")


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("contact", "+919876543210", "without +91"),
        ("pinCode", "012345", "do not begin with 0"),
        ("email", "asha", "name@example.com"),
        ("name", "\t", "1 to 100 printable"),
    ],
)
def test_a_remedy_is_about_the_mistake(field: str, value: str, remedy: str) -> None:
    assert remedy in refusal({field: value})


def test_every_bad_field_is_named_at_once() -> None:
    found = refusal({"name": "", "email": "", "contact": "", "pinCode": ""})

    assert [sentence.partition(":")[0] for sentence in re.split(r"(?:^|; )(?=\w+: )", found)[1:]] == [*FORMATS]


def test_no_field_is_needed() -> None:
    assert parse_body(AccountOpeningRequest, b"").signup == {}
    assert opening_request(dict.fromkeys(FORMATS)).signup == {}


@pytest.mark.parametrize(("field", "value"), [("pan", "ABCDE1234F"), ("pin_code", "560001")])
def test_another_field_is_refused_by_its_name(field: str, value: str) -> None:
    assert field in refusal({field: value})


def test_a_long_text_is_refused_in_no_time() -> None:
    for field in FORMATS:
        refusal({field: "a" * 200_000 + "@"})
        refusal({field: ("a." * 120) + "@"})


@pytest.mark.parametrize("field", FORMATS)
def test_the_schema_agrees(field: str) -> None:
    schema = validator_for(AccountOpeningRequest.model_json_schema(by_alias=True))

    assert [value for value in GOOD[field] if not schema.is_valid({field: value})] == []
    assert [value for value in BAD[field] if schema.is_valid({field: value})] == []


@given(st.data(), st.sampled_from([*FORMATS]))
def test_a_value_of_the_schemas_pattern_is_taken(data: st.DataObject, field: str) -> None:
    promised = FORMATS[field].schema
    value = data.draw(st.from_regex(re.compile(promised["pattern"].removesuffix("$")), fullmatch=True))
    assume(len(value) <= promised["maxLength"])

    assert opening_request({field: value}).signup == {field: value}


def test_a_format_is_about_the_whole_text() -> None:
    with pytest.raises(ValueError, match="must be three digits"):
        Format("[0-9]{3}", 9, "three digits").check("1234")
