"""The table's codec: what goes into DynamoDB comes out the same."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.store.dynamodb.codec import decode, encode

NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1).map(Decimal) | st.decimals(-(10**18), 10**18, places=18)
VALUES = st.recursive(
    st.text() | st.booleans() | NUMBERS | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=6))
def test_an_item_is_decoded_as_it_was_encoded(item: dict[str, Any]) -> None:
    again = decode(encode(item))

    assert again == item
    assert repr(again) == repr(item)  # 1.50 is not 1.5, and True is not 1


def test_a_value_is_encoded_with_its_dynamodb_type() -> None:
    class Colour(StrEnum):
        RED = "red"

    item = {"s": "text", "w": Colour.RED, "n": 5, "d": Decimal("1.50"), "b": b"x", "t": True, "m": {"l": (1, "a")}}

    assert encode(item) == {
        "s": {"S": "text"},
        "w": {"S": "red"},
        "n": {"N": "5"},
        "d": {"N": "1.50"},
        "b": {"B": b"x"},
        "t": {"BOOL": True},
        "m": {"M": {"l": {"L": [{"N": "1"}, {"S": "a"}]}}},
    }


def test_none_is_left_out_at_any_depth() -> None:
    assert encode({"a": None, "b": {"c": None, "d": "e"}}) == {"b": {"M": {"d": {"S": "e"}}}}


@pytest.mark.parametrize("value", [1.5, {1}, object(), [None]])
def test_a_float_or_a_value_without_a_type_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode({"a": value})
