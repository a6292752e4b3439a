"""The demo app's identity provider: signs the bearer tokens of made-up app users (RS256)."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.state import State

LIFETIME = timedelta(hours=12)
KEY_KIND = "issuer-key"
KEY_ID = "sandbox-1"


class Issuer:
    def __init__(self, url: str, audience: str, state: State) -> None:
        self.url = url
        self._audience = audience
        self._state = state

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """Made when it is first needed: that takes a while."""
        return _kept_key(self._state)

    def token(self, subject: str) -> str:
        # Whoever verifies these goes by the machine's time, so the sandbox's own clock has no say here.
        issued_at = datetime.now(UTC)
        claims = {
            "iss": self.url,
            "aud": self._audience,
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }

    def key_set(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


def _kept_key(state: State) -> rsa.RSAPrivateKey:
    """The one key of this state: verifiers cache it, so it outlives restarts and resets."""
    kept = state.get(KEY_KIND, KEY_ID)
    if kept:
        key = serialization.load_pem_private_key(kept.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    state.put(KEY_KIND, KEY_ID, text.decode())
    return key


async def configuration(request: Request) -> Response:
    return JSONResponse(request.app.state.world.issuer.configuration())


async def key_set(request: Request) -> Response:
    return JSONResponse(request.app.state.world.issuer.key_set())


routes = [
    Route("/.well-known/openid-configuration", configuration),
    Route("/.well-known/jwks.json", key_set),
]
