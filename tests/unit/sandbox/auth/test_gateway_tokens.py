"""Gateway's tokens: which are accepted, and which Gateway issues (contract 1.5)."""

from datetime import UTC, datetime

import jwt
import pytest

from tests.unit.sandbox.examples import AUTH_ID
from tests.unit.sandbox.partner import SETTINGS, Control, Partner

LONG_AGO = 1_600_000_000
PARTNER = Partner()


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    "token",
    [
        "",
        "no.token.atall",
        PARTNER.token(secret=SETTINGS.api_secret),
        PARTNER.token(exp=LONG_AGO),
        jwt.encode({"guest": True, "sub": "x"}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": False}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": True, "smallcaseAuthId": AUTH_ID}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": True}, SETTINGS.secret, algorithm="HS512"),
        jwt.encode({"guest": True}, "", algorithm="none"),
    ],
    ids=["empty", "no token", "wrong secret", "expired", "more", "no guest", "both", "wrong algorithm", "unsigned"],
)
def test_an_invalid_token_is_forbidden(control: Control, partner: Partner, token: str) -> None:
    headers = partner.headers(x_gateway_authtoken=token)
    assert partner.post_transaction({"intent": "HOLDINGS_IMPORT"}, headers).status_code == 403


def status_with_expiry(partner: Partner, seconds_from_now: int) -> int:
    expires = int(datetime.now(UTC).timestamp()) + seconds_from_now
    headers = partner.headers(x_gateway_authtoken=partner.token(exp=expires))
    return partner.post_transaction({"intent": "CONNECT"}, headers).status_code


def test_a_token_that_has_expired_by_the_sandboxs_clock_only_is_accepted(control: Control, partner: Partner) -> None:
    control.advance(3600)
    assert status_with_expiry(partner, 300) == 200


def test_a_token_that_has_expired_by_both_clocks_is_forbidden(control: Control, partner: Partner) -> None:
    control.advance(3600)
    assert status_with_expiry(partner, -300) == 403


def test_a_token_of_gateway_is_valid_for_an_hour(control: Control, partner: Partner, auth_id: str) -> None:
    token = control.run_scenario(partner.new_transaction())["resolved"]["smallcaseAuthToken"]
    claims = jwt.decode(token, SETTINGS.secret, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 3600
