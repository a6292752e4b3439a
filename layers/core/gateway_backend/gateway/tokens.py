"""Gateway's tokens (contract 1.5): HS256 with the Secret; they name a guest or a smallcaseAuthId and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import jwt

from gateway_backend.domain.shared.errors import SdkTokenExpired, SdkTokenInvalid

_ALGORITHM = "HS256"
LIFETIME = timedelta(hours=1)


def guest_token(secret: str, now: datetime) -> str:
    return _mint({"guest": True}, secret, now)


def connected_token(account_id: str, secret: str, now: datetime) -> str:
    return _mint({"smallcaseAuthId": account_id}, secret, now)


def account_of(token: str, secret: str, now: datetime | None) -> str | None:
    """The smallcaseAuthId a token proves; None for a guest's. Without `now` an expired token proves as much.

    Raises: SdkTokenInvalid (forged, another gateway's, another algorithm, no token at all), SdkTokenExpired.
    """
    try:
        # Expiry is judged by our own clock, below.
        claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options={"verify_exp": False, "verify_iat": False})
    except jwt.InvalidTokenError:
        raise SdkTokenInvalid(
            "The token's signature is not this gateway's: send what the SDK gave, untouched"
        ) from None
    expiry = claims.get("exp")
    if now and isinstance(expiry, int | float) and expiry <= now.timestamp():
        raise SdkTokenExpired("The token has expired: start a new transaction")
    account_id = claims.get("smallcaseAuthId")
    if account_id is None and claims.get("guest") is True:
        return None
    if not isinstance(account_id, str) or not account_id:
        raise SdkTokenInvalid("The token names no smallcaseAuthId")
    return account_id


def _mint(payload: dict[str, Any], secret: str, now: datetime) -> str:
    claims = {**payload, "iat": int(now.timestamp()), "exp": int((now + LIFETIME).timestamp())}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)
