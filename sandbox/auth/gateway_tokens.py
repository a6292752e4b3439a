"""Gateway's own tokens: HS256 over `{guest: true}` or `{smallcaseAuthId}` (contract 1.5)."""

from datetime import timedelta
from typing import Any

import jwt

from sandbox.clock import Clock
from sandbox.errors import GatewayError

LIFETIME = timedelta(hours=1)


class GatewayTokens:
    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def connected(self, auth_id: str) -> str:
        """The `smallcaseAuthToken` that Gateway issues; `exp - iat` is 3600."""
        issued_at = self._clock.now()
        payload = {"smallcaseAuthId": auth_id, "iat": issued_at, "exp": issued_at + LIFETIME}
        return jwt.encode(payload, self._secret, algorithm="HS256")

    def read(self, token: str) -> str | None:
        """The connected account of a partner's token, None for a guest.

        Raises: GatewayError 403 for a wrong signature, an expired token or any other payload.
        """
        try:
            payload = jwt.decode(
                token, self._secret, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidTokenError as error:
            raise GatewayError(403, "Invalid JWT") from error
        expires = payload.pop("exp", None)
        payload.pop("iat", None)
        if expires is not None and self._has_expired(expires):
            raise GatewayError(403, "Invalid JWT")
        return self._account_in(payload)

    def _has_expired(self, expires: Any) -> bool:
        """A token has expired when both clocks say so, because a partner may use the machine's or the sandbox's."""
        if not isinstance(expires, int | float):
            return True
        return expires <= min(self._clock.now(), self._clock.machine_time()).timestamp()

    @staticmethod
    def _account_in(payload: dict[str, Any]) -> str | None:
        match payload:
            case {"guest": True} if len(payload) == 1:
                return None
            case {"smallcaseAuthId": str(auth_id)} if len(payload) == 1:
                return auth_id
        raise GatewayError(403, "Invalid JWT")
