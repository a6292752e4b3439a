"""A webhook proves its origin by its checksum (contract 3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.gateway.checksums import checksum, is_authentic

SECRET = "a-made-up-secret-that-is-long-enough-for-any-algorithm-of-the-family"
ACCOUNT = "6195e288360acf9ebc060d23"
SIGNED = "2022-03-24T11:33:53.091Z" + ACCOUNT
CONTRACT_3_2 = [
    (SIGNED, "7536c785f0c52157ffcff6d4fad57f233fd6d6b27e9ab2d90da6f035edb21cb9"),
    (
        "2024-01-02T03:04:05.678Z" + "TRX_00000000000000000000000000000001",
        "b840db4700911f5257f13b9d5028ebe436e7c3efdc404bb26ee87ff06a66c008",
    ),
]


@pytest.mark.parametrize(("text", "made"), CONTRACT_3_2)
def test_a_checksum_is_as_in_the_contract(text: str, made: str) -> None:
    assert checksum(text, "sandbox-api-secret") == made
    assert is_authentic(text, made, ["sandbox-api-secret"])


def test_old_and_new_secret_are_valid_during_a_rotation() -> None:
    made = checksum(SIGNED, "the old secret")

    assert is_authentic(SIGNED, made, ["the new secret", "the old secret"])
    assert not is_authentic(SIGNED, made, ["the new secret"])


@pytest.mark.parametrize("claimed", [None, "", "0" * 64, CONTRACT_3_2[0][1].upper(), CONTRACT_3_2[0][1][:-1], "₹"])
def test_a_missing_or_wrong_checksum_is_not_authentic(claimed: str | None) -> None:
    assert not is_authentic(SIGNED, claimed, ["sandbox-api-secret"])


def test_without_a_secret_nothing_is_authentic() -> None:
    assert not is_authentic(SIGNED, checksum(SIGNED, ""), [])


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_checksum_is_authentic_for_its_own_text_only(text: str, other: str) -> None:
    assert is_authentic(text, checksum(text, SECRET), [SECRET])
    assert is_authentic(other, checksum(text, SECRET), [SECRET]) is (other == text)
