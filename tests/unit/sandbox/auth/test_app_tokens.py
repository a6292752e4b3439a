"""The tokens of the demo app's users, and the keys that verify them."""

from pathlib import Path
from typing import Any

import jwt

from sandbox.auth.app_tokens import AppTokens
from sandbox.state import State
from tests.unit.sandbox.partner import SETTINGS, Control


def verified_claims(control: Control) -> dict[str, Any]:
    """The claims of a new token, verified as the backend verifies them."""
    token = control.call("POST", "app-token", sub="priya")["token"]
    configuration = control.client.get("/.well-known/openid-configuration").json()
    keys = control.client.get(configuration["jwks_uri"].removeprefix(SETTINGS.issuer)).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], audience="gateway-backend", issuer=configuration["issuer"])


def test_an_app_token_verifies_with_the_published_key(control: Control) -> None:
    assert verified_claims(control)["sub"] == "priya"


def test_an_app_token_is_valid_for_twelve_hours(control: Control) -> None:
    claims = verified_claims(control)
    assert claims["exp"] - claims["iat"] == 12 * 3600


def test_the_key_is_generated_once_for_a_state_file(tmp_path: Path) -> None:
    first = AppTokens("http://issuer.test", "app", State(tmp_path / "state.db"))
    second = AppTokens("http://issuer.test", "app", State(tmp_path / "state.db"))
    assert first.key_set() == second.key_set()
