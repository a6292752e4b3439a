"""Begin to open a broker account: what the SDK's `signup` needs, and a record without the person (contract 6.1)."""

import uuid
from datetime import datetime
from typing import NamedTuple

from gateway_backend.contracts.connections.account_opening import AccountOpeningRequest
from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.domain.shared.errors import DomainError
from gateway_backend.gateway import tokens
from gateway_backend.store.connections.account_openings import AccountOpenings
from gateway_backend.store.transactions.idempotency import IdempotencyKeys, fingerprint


class StartedOpening(NamedTuple):
    """`token` initialises the SDK; `replayed`: an earlier request with the same key began it."""

    opening: AccountOpening
    token: str
    replayed: bool


def start_account_opening(
    request: AccountOpeningRequest,
    *,
    user: str,
    idempotency_key: str,
    attempt: str,
    now: datetime,
    keys: IdempotencyKeys,
    openings: AccountOpenings,
    secret: str,
) -> StartedOpening:
    """Raises: IdempotencyKeyReused, RequestInProgress."""
    content = fingerprint(f"account opening {request.model_dump_json()}", secret)
    claim = keys.claim(idempotency_key, owner=user, content=content, attempt=attempt, now=now)
    token = tokens.guest_token(secret, now)
    if claim.created:
        return StartedOpening(openings.owned(claim.created, user), token, replayed=True)
    opening = AccountOpening(_new_id(now), user, began_at=now)
    try:
        openings.add(opening, keys.fulfilled(claim, opening.id), idempotency_key=claim.key)
    except DomainError:
        keys.release(claim)
        raise
    return StartedOpening(opening, token, replayed=False)


def _new_id(now: datetime) -> str:
    """It begins with the time, so that the newest is found by its key."""
    return f"OPN_{int(now.timestamp() * 1000):012x}{uuid.uuid4().hex[:20]}"
