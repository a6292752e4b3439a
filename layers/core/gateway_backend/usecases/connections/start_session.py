"""Open an SDK session: mint the token that the SDK is initialised with (contract 1.5, 6.1)."""

from datetime import datetime
from typing import NamedTuple

from gateway_backend.gateway import tokens
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.store.connections.connections import Connections


class Session(NamedTuple):
    """`account_id` and `broker` are None for a guest, who may choose any broker."""

    token: str
    expires_at: datetime
    account_id: str | None = None
    broker: str | None = None


def start_session(
    account_id: str | None, *, user: str, now: datetime, connections: Connections, keys: GatewayKeys
) -> Session:
    """Raises: NotFound when the account is not this user's."""
    expires_at = now + tokens.LIFETIME
    if account_id is None:
        return Session(tokens.guest_token(keys.secret, now), expires_at)
    connection = connections.owned(account_id, user)
    return Session(
        tokens.connected_token(connection.id, keys.secret, now), expires_at, connection.id, connection.broker
    )
