"""Transactions and the statuses they go through (contract 2.1, 2.5, 2.12)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sandbox.clock import Clock, to_iso
from sandbox.state import State

# Attributes that are stored under another name, so that state files of earlier versions stay readable.
STORED_NAMES = {"request_body": "asked", "branding": "looks", "expired_early": "ran_out"}
ATTRIBUTES = {stored: attribute for attribute, stored in STORED_NAMES.items()}


@dataclass
class Transaction:
    id: str
    intent: str
    created_at: str
    updated_at: str
    expire_at: str
    version: str = "v1"
    mutual_funds: bool = False
    notes: str | None = None
    # The body of the request that created the transaction.
    request_body: dict[str, Any] = field(default_factory=dict)
    # The name and the logo of a basket.
    branding: dict[str, Any] = field(default_factory=dict)
    # The account whose connected token created the transaction: no other account may log in.
    pinned_to: str | None = None
    status: str = "INITIALIZED"
    # True when a scenario let the transaction expire before its time.
    expired_early: bool = False
    # Set as soon as the user has logged in, whatever happens afterwards.
    auth_id: str | None = None
    broker: str | None = None
    error: dict[str, Any] | None = None
    # True as soon as an order was sent to the broker.
    order_requested: bool = False
    # Results other than orders: funds, sipDetails, scid, iscid, name.
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def order_config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.request_body.get("orderConfig") or {}
        return config

    @property
    def order_type(self) -> str | None:
        return self.order_config.get("type") if self.intent == "TRANSACTION" else None

    @property
    def is_completed(self) -> bool:
        return self.status == "COMPLETED"

    def is_visible_to(self, auth_id: str) -> bool:
        return auth_id in (self.pinned_to, self.auth_id)


class TransactionStore:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(
        self,
        intent: str,
        *,
        lifetime: timedelta,
        request_body: dict[str, Any],
        branding: dict[str, Any],
        version: str = "v1",
        mutual_funds: bool = False,
        notes: str | None = None,
        pinned_to: str | None = None,
    ) -> Transaction:
        now = self._clock.now()
        transaction = Transaction(
            id=f"TRX_{uuid4().hex}",
            intent=intent,
            created_at=to_iso(now),
            updated_at=to_iso(now),
            expire_at=to_iso(now + lifetime),
            request_body=request_body,
            branding=branding,
            version=version,
            mutual_funds=mutual_funds,
            notes=notes,
            pinned_to=pinned_to,
        )
        self._save(transaction)
        return transaction

    def get(self, transaction_id: str) -> Transaction | None:
        stored = self._state.get("transaction", transaction_id)
        return _transaction(stored) if stored else None

    def latest_completed(self, auth_id: str | None = None) -> Transaction | None:
        """The transaction that completed last, of this account or of all accounts."""
        transactions = (_transaction(stored) for _, stored in self._state.items("transaction"))
        completed = [
            transaction
            for transaction in transactions
            if transaction.is_completed and auth_id in (None, transaction.auth_id)
        ]
        # The list is reversed so that the later created transaction wins within the same millisecond.
        return max(reversed(completed), key=lambda transaction: transaction.updated_at, default=None)

    def has_expired(self, transaction: Transaction) -> bool:
        return transaction.expired_early or self._clock.now_iso() >= transaction.expire_at

    def transition(self, transaction: Transaction, status: str, **changes: Any) -> None:
        """Sets the status and the attributes in `changes`."""
        for name, value in changes.items():
            setattr(transaction, name, value)
        transaction.status = status
        transaction.updated_at = self._clock.now_iso()
        self._save(transaction)

    def _save(self, transaction: Transaction) -> None:
        stored = {STORED_NAMES.get(name, name): value for name, value in vars(transaction).items()}
        self._state.put("transaction", transaction.id, stored)


def _transaction(stored: dict[str, Any]) -> Transaction:
    return Transaction(**{ATTRIBUTES.get(name, name): value for name, value in stored.items()})
