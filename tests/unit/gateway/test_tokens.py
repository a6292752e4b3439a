"""Gateway's secrets at work: webhooks and tokens prove their origin, or they prove nothing."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.errors import GatewayUnconfigured, SdkTokenExpired, SdkTokenInvalid
from gateway_backend.gateway.checksums import checksum, is_authentic
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.gateway.tokens import LIFETIME, account_of, connected_token, guest_token

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECRET = "a-made-up-secret-that-is-long-enough-for-any-algorithm-of-the-family"
ANOTHER_SECRET = "another-made-up-secret-of-32-bytes"
ACCOUNT = "6195e288360acf9ebc060d23"

# Checksums -------------------------------------------------------------------------------------

SIGNED = "2022-03-24T11:33:53.091Z" + ACCOUNT
CONTRACT_3_2 = [
    (SIGNED, "7536c785f0c52157ffcff6d4fad57f233fd6d6b27e9ab2d90da6f035edb21cb9"),
    (
        "2024-01-02T03:04:05.678Z" + "TRX_00000000000000000000000000000001",
        "b840db4700911f5257f13b9d5028ebe436e7c3efdc404bb26ee87ff06a66c008",
    ),
]


@pytest.mark.parametrize(("text", "made"), CONTRACT_3_2)
def test_checksums_are_the_contracts_own(text: str, made: str) -> None:
    assert checksum(text, "sandbox-api-secret") == made
    assert is_authentic(text, made, ["sandbox-api-secret"])


def test_while_the_secret_is_changed_both_are_good() -> None:
    made = checksum(SIGNED, "the old one")

    assert is_authentic(SIGNED, made, ["the new one", "the old one"])
    assert not is_authentic(SIGNED, made, ["the new one"])


@pytest.mark.parametrize("claimed", [None, "", "0" * 64, CONTRACT_3_2[0][1].upper(), CONTRACT_3_2[0][1][:-1], "₹"])
def test_a_missing_or_wrong_checksum_proves_nothing(claimed: str | None) -> None:
    assert not is_authentic(SIGNED, claimed, ["sandbox-api-secret"])


def test_without_a_secret_nothing_is_authentic() -> None:
    assert not is_authentic(SIGNED, checksum(SIGNED, ""), [])


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_checksum_fits_its_own_text_only(text: str, other: str) -> None:
    assert is_authentic(text, checksum(text, SECRET), [SECRET])
    assert is_authentic(other, checksum(text, SECRET), [SECRET]) is (other == text)


# Tokens ----------------------------------------------------------------------------------------


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str | None = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_our_tokens_say_nothing_but_who_it_is_and_until_when() -> None:
    times = {"iat": int(NOW.timestamp()), "exp": int((NOW + LIFETIME).timestamp())}
    options: Any = {"verify_exp": False, "verify_iat": False}

    assert jwt.decode(guest_token(SECRET, NOW), SECRET, ["HS256"], options) == {"guest": True, **times}
    assert jwt.decode(connected_token(ACCOUNT, SECRET, NOW), SECRET, ["HS256"], options) == {
        "smallcaseAuthId": ACCOUNT,
        **times,
    }
    assert jwt.get_unverified_header(guest_token(SECRET, NOW)) == {"alg": "HS256", "typ": "JWT"}


def test_a_token_proves_its_account_and_a_guests_proves_none() -> None:
    assert account_of(connected_token(ACCOUNT, SECRET, NOW), SECRET, NOW) == ACCOUNT
    assert account_of(guest_token(SECRET, NOW), SECRET, NOW) is None
    assert account_of(signed({"smallcaseAuthId": ACCOUNT}), SECRET, NOW) == ACCOUNT  # exp is optional


def test_a_token_is_good_until_it_expires_by_our_own_clock() -> None:
    token = connected_token(ACCOUNT, SECRET, NOW)

    assert account_of(token, SECRET, NOW + LIFETIME - timedelta(seconds=1)) == ACCOUNT
    assert account_of(token, SECRET, NOW - timedelta(days=1)) == ACCOUNT  # Gateway's clock may be ahead of ours
    with pytest.raises(SdkTokenExpired):
        account_of(token, SECRET, NOW + LIFETIME)
    assert account_of(token, SECRET, now=None) == ACCOUNT


def rs256_with_its_own_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode({"smallcaseAuthId": ACCOUNT}, key, algorithm="RS256")


def hs256_with_a_public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, payload = (
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "HS256", "typ": "JWT"}, {"smallcaseAuthId": ACCOUNT})
    )
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{header}.{payload}".encode(), pem)
    return f"{header}.{payload}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def tampered() -> str:
    header, _, signature = connected_token("another-account", SECRET, NOW).split(".")
    payload = connected_token(ACCOUNT, SECRET, NOW).split(".")[1]
    return f"{header}.{payload}.{signature}"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed({"smallcaseAuthId": ACCOUNT}, ANOTHER_SECRET), id="another gateway's"),
        pytest.param(signed({"smallcaseAuthId": ACCOUNT}, "", None), id="alg none"),
        pytest.param(signed({"smallcaseAuthId": ACCOUNT}, algorithm="HS512"), id="HS512"),
        pytest.param(rs256_with_its_own_key(), id="RS256"),
        pytest.param(hs256_with_a_public_key(), id="HS256 with a public key"),
        pytest.param(tampered(), id="another's payload"),
        pytest.param(connected_token(ACCOUNT, SECRET, NOW).rpartition(".")[0] + ".", id="no signature"),
        pytest.param("", id="empty"),
        pytest.param("not a token", id="no token"),
        pytest.param("ey₹.a.b", id="not ASCII"),
        pytest.param(signed({}), id="names nobody"),
        pytest.param(signed({"smallcaseAuthId": ""}), id="empty id"),
        pytest.param(signed({"smallcaseAuthId": 5}), id="id of another type"),
        pytest.param(signed({"guest": "true"}), id="guest of another type"),
    ],
)
def test_no_other_token_proves_anything(token: str) -> None:
    with pytest.raises(SdkTokenInvalid) as refused:
        account_of(token, SECRET, NOW)
    assert not token or token not in str(refused.value)


# Keys ------------------------------------------------------------------------------------------

KEYS = {"gatewayName": "demo", "secret": "s3cret", "apiSecret": "new", "previousApiSecret": "old"}


def test_the_current_api_secret_comes_first() -> None:
    keys = GatewayKeys.parse(json.dumps(KEYS))

    assert (keys.gateway_name, keys.secret, keys.api_secret, keys.api_secrets) == (
        "demo",
        "s3cret",
        "new",
        ("new", "old"),
    )


@pytest.mark.parametrize("previous", [{}, {"previousApiSecret": None}, {"previousApiSecret": ""}])
def test_a_previous_api_secret_is_optional(previous: dict[str, Any]) -> None:
    keys = {name: value for name, value in KEYS.items() if name != "previousApiSecret"} | previous

    assert GatewayKeys.parse(json.dumps(keys)).api_secrets == ("new",)


@pytest.mark.parametrize("name", ["gatewayName", "secret", "apiSecret"])
@pytest.mark.parametrize("value", [None, "", 5, ["list"]])
def test_a_missing_key_is_named_and_the_others_are_not_told(name: str, value: Any) -> None:
    with pytest.raises(GatewayUnconfigured, match=f"no {name}:") as refused:
        GatewayKeys.parse(json.dumps(KEYS | {name: value}))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "s3cret", "[]", '"s3cret"', "null"])
def test_a_secret_that_is_no_object_is_not_configured(text: str) -> None:
    with pytest.raises(GatewayUnconfigured):
        GatewayKeys.parse(text)


def test_keys_do_not_print_their_secrets() -> None:
    assert repr(GatewayKeys.parse(json.dumps(KEYS))) == "GatewayKeys(gateway_name='demo')"
