"""Create a transaction at Gateway and bind it to the user before its id is given to anybody (contract §2.1)."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway_backend.contracts.start_api import ConnectRequest, HoldingsImportRequest
from gateway_backend.domain.errors import DomainError, NotFound
from gateway_backend.domain.transactions import Intent, Transaction
from gateway_backend.gateway import tokens
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.idempotency import IdempotencyKeys
from gateway_backend.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Started:
    """`token` initialises the SDK for this transaction; `replayed`: an earlier request with the same key made it."""

    transaction: Transaction
    token: str
    replayed: bool


def start_transaction(
    request: HoldingsImportRequest | ConnectRequest,
    *,
    user: str,
    idempotency_key: str,
    attempt: str,
    now: datetime,
    keys: IdempotencyKeys,
    transactions: Transactions,
    accounts: Accounts,
    gateway: Gateway,
) -> Started:
    """A create is sent to Gateway once. When its outcome is unknown the caller hears so and may repeat the request with
    the same key: an id that was lost on the way was never shown to anybody, and lapses.

    Raises: IdempotencyKeyReused, RequestInProgress, NotFound (somebody else's account), and what Gateway raises.
    """
    account_id = getattr(request, "smallcase_auth_id", None)
    if account_id:
        accounts.owned(account_id, user)
    content = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    claim = keys.claim(idempotency_key, owner=user, content=content, attempt=attempt, now=now)
    token = _token(account_id, gateway, now)
    if claim.created:
        return Started(_earlier(claim.created, user, transactions), token, replayed=True)
    try:
        transaction = _create(request, user, account_id, token, now, gateway)
    except DomainError:
        keys.release(claim)
        raise
    transactions.add(transaction, keys.fulfilled(claim, transaction.id))
    return Started(transaction, token, replayed=False)


def _create(
    request: HoldingsImportRequest | ConnectRequest,
    user: str,
    account_id: str | None,
    token: str,
    now: datetime,
    gateway: Gateway,
) -> Transaction:
    # Gateway and the SDK echo the notes: what they carry is an opaque id, the app's own note stays with us.
    correlation_id = uuid.uuid4().hex
    created = gateway.create_transaction(_wire_body(request) | {"notes": correlation_id}, token)
    imports = request if isinstance(request, HoldingsImportRequest) else None
    return Transaction(
        id=created.transaction_id,
        owner=user,
        intent=Intent(request.intent),
        created_at=now,
        expire_at=created.expire_at,
        correlation_id=correlation_id,
        version=imports.version if imports else "",
        mutual_funds=imports is not None and bool(imports.asset_config.mf_holdings),
        requested_account_id=account_id,
        note=request.notes,
    )


def _wire_body(request: HoldingsImportRequest | ConnectRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"intent": request.intent}
    if isinstance(request, HoldingsImportRequest):
        # v1 is the absence of a version (contract §2.1).
        body |= {"version": "v2"} if request.version == "v2" else {}
        body |= {"assetConfig": {"mfHoldings": True}} if request.asset_config.mf_holdings else {}
    return body


def _token(account_id: str | None, gateway: Gateway, now: datetime) -> str:
    secret = gateway.keys.secret
    return tokens.connected_token(account_id, secret, now) if account_id else tokens.guest_token(secret, now)


def _earlier(transaction_id: str, user: str, transactions: Transactions) -> Transaction:
    transaction = transactions.find(transaction_id)
    if transaction is None or transaction.owner != user:
        raise NotFound("The transaction that this Idempotency-Key created is no longer kept: use a new key")
    return transaction
