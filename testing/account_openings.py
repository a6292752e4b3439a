"""Openings of broker accounts: a made-up person, and the use cases around the openings of a world."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from gateway_backend.contracts.connections.account_opening import AccountOpeningRequest
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.usecases.connections.complete_account_opening import complete_account_opening
from gateway_backend.usecases.connections.start_account_opening import StartedOpening, start_account_opening
from testing.gateway import KEYS
from testing.world import World

NOW = datetime(2026, 11, 20, 10, 0, 0, 1000, tzinfo=UTC)
PERSON = {"name": "Asha Rao", "email": "asha.rao@example.com", "contact": "9876543210", "pinCode": "560001"}

_attempts = count()


def opening_request(body: dict[str, Any]) -> AccountOpeningRequest:
    return parse_body(AccountOpeningRequest, json.dumps(body).encode())


def start(
    world: World, body: dict[str, Any] = PERSON, *, user: str = "user-1", key: str = "key-1", now: datetime = NOW
) -> StartedOpening:
    return start_account_opening(
        opening_request(body),
        user=user,
        idempotency_key=key,
        attempt=f"attempt-{next(_attempts)}",
        now=now,
        keys=world.keys,
        openings=world.account_openings,
        secret=KEYS.secret,
    )


def complete(
    world: World, opening: AccountOpening, result: SdkResult, *, user: str = "user-1", now: datetime = NOW
) -> AccountOpening:
    return complete_account_opening(opening.id, result, user=user, now=now, openings=world.account_openings)
