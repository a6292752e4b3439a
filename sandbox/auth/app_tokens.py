"""The bearer tokens of the demo app's users (RS256), as the app's identity provider issues them."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.state import State

LIFETIME = timedelta(hours=12)
KEY_KIND = "issuer-key"
KEY_ID = "sandbox-1"


class AppTokens:
    def __init__(self, issuer: str, audience: str, state: State) -> None:
        self._issuer = issuer
        self._audience = audience
        self._state = state

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """The key is generated when it is first needed, because that takes a while."""
        return _stored_key(self._state)

    def issue(self, subject: str) -> str:
        # The backend verifies these tokens by the machine's time, so the sandbox's clock does not count here.
        issued_at = datetime.now(UTC)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self._issuer,
            "jwks_uri": f"{self._issuer}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }

    def key_set(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


def _stored_key(state: State) -> rsa.RSAPrivateKey:
    """The single key of this state; it outlives restarts and resets, because verifiers cache it."""
    stored = state.get(KEY_KIND, KEY_ID)
    if stored:
        key = serialization.load_pem_private_key(stored.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    state.put(KEY_KIND, KEY_ID, text.decode())
    return key
