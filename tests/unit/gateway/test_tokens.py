"""The tokens of a gateway: they name an account or a guest, and are refused unless they are authentic."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway_backend.domain.shared.errors import SdkTokenExpired, SdkTokenInvalid
from gateway_backend.gateway.tokens import LIFETIME, account_of, connected_token, guest_token
from testing.builders import NOW

SECRET = "a-made-up-secret-that-is-long-enough-for-any-algorithm-of-the-family"
ANOTHER_SECRET = "another-made-up-secret-of-32-bytes"
ACCOUNT = "6195e288360acf9ebc060d23"


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str | None = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


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


def test_our_tokens_hold_the_account_and_the_expiry_only() -> None:
    times = {"iat": int(NOW.timestamp()), "exp": int((NOW + LIFETIME).timestamp())}
    options: Any = {"verify_exp": False, "verify_iat": False}

    assert jwt.decode(guest_token(SECRET, NOW), SECRET, ["HS256"], options) == {"guest": True, **times}
    assert jwt.decode(connected_token(ACCOUNT, SECRET, NOW), SECRET, ["HS256"], options) == {
        "smallcaseAuthId": ACCOUNT,
        **times,
    }
    assert jwt.get_unverified_header(guest_token(SECRET, NOW)) == {"alg": "HS256", "typ": "JWT"}


def test_a_token_names_its_account_and_a_guests_token_names_none() -> None:
    assert account_of(connected_token(ACCOUNT, SECRET, NOW), SECRET, NOW) == ACCOUNT
    assert account_of(guest_token(SECRET, NOW), SECRET, NOW) is None
    assert account_of(signed({"smallcaseAuthId": ACCOUNT}), SECRET, NOW) == ACCOUNT  # exp is optional


def test_a_token_is_valid_until_it_expires_by_our_own_clock() -> None:
    token = connected_token(ACCOUNT, SECRET, NOW)

    assert account_of(token, SECRET, NOW + LIFETIME - timedelta(seconds=1)) == ACCOUNT
    assert account_of(token, SECRET, NOW - timedelta(days=1)) == ACCOUNT  # Gateway's clock may be ahead of ours
    with pytest.raises(SdkTokenExpired):
        account_of(token, SECRET, NOW + LIFETIME)
    assert account_of(token, SECRET, now=None) == ACCOUNT


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
        pytest.param(signed({}), id="no subject"),
        pytest.param(signed({"smallcaseAuthId": ""}), id="empty id"),
        pytest.param(signed({"smallcaseAuthId": 5}), id="id of another type"),
        pytest.param(signed({"guest": "true"}), id="guest of another type"),
    ],
)
def test_a_token_that_is_not_authentic_is_refused(token: str) -> None:
    with pytest.raises(SdkTokenInvalid) as refused:
        account_of(token, SECRET, NOW)
    assert not token or token not in str(refused.value)
