"""Transactions and the states they go through (contract 2.1, 2.5, 2.12)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sandbox.clock import Clock, iso
from sandbox.state import State
from sandbox.tokens import Tokens

# Contract 2.12: 15 minutes for orders, 5 for everything else there is so far.
LIFETIME = timedelta(minutes=5)


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
    # The account whose connected token created it: only that one may log in.
    pinned_to: str | None = None
    status: str = "INITIALIZED"
    # The user took too long, without anybody having to wait for it.
    ran_out: bool = False
    # Set from the moment the user has logged in, whatever happens then.
    auth_id: str | None = None
    broker: str | None = None
    error: dict[str, Any] | None = None

    @property
    def is_finished(self) -> bool:
        return self.status == "COMPLETED"

    def belongs_to(self, auth_id: str) -> bool:
        return auth_id in (self.pinned_to, self.auth_id)


class Transactions:
    def __init__(self, state: State, clock: Clock, tokens: Tokens, gateway_name: str) -> None:
        self._state = state
        self._clock = clock
        self._tokens = tokens
        self._gateway_name = gateway_name

    def create(
        self,
        intent: str,
        *,
        version: str = "v1",
        mutual_funds: bool = False,
        notes: str | None = None,
        pinned_to: str | None = None,
    ) -> Transaction:
        now = self._clock.now()
        transaction = Transaction(
            id=f"TRX_{uuid4().hex}",
            intent=intent,
            created_at=iso(now),
            updated_at=iso(now),
            expire_at=iso(now + LIFETIME),
            version=version,
            mutual_funds=mutual_funds,
            notes=notes,
            pinned_to=pinned_to,
        )
        self._keep(transaction)
        return transaction

    def get(self, transaction_id: str) -> Transaction | None:
        stored = self._state.get("transaction", transaction_id)
        return Transaction(**stored) if stored else None

    def newest_finished(self, auth_id: str | None = None) -> Transaction | None:
        """The one that completed last, of this account or of all."""
        every = (Transaction(**stored) for _, stored in self._state.items("transaction"))
        finished = [one for one in every if one.is_finished and auth_id in (None, one.auth_id)]
        # Of two in the same millisecond, the one created later.
        return max(reversed(finished), key=lambda one: one.updated_at, default=None)

    def has_expired(self, transaction: Transaction) -> bool:
        return transaction.ran_out or self._clock.now_iso() >= transaction.expire_at

    def move(self, transaction: Transaction, status: str, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(transaction, name, value)
        transaction.status = status
        transaction.updated_at = self._clock.now_iso()
        self._keep(transaction)

    def details(self, transaction: Transaction) -> dict[str, Any]:
        """The SDK's transaction object (contract 2.5); `success` and `error` only when there is one."""
        told: dict[str, Any] = {
            "transactionId": transaction.id,
            "intent": transaction.intent,
            "status": transaction.status,
            "gateway": self._gateway_name,
            "createdAt": transaction.created_at,
            "updatedAt": transaction.updated_at,
            "expireAt": transaction.expire_at,
            "expired": self.has_expired(transaction),
            "authId": transaction.auth_id,
            "flags": {"isOrderRequested": False},
        }
        if transaction.is_finished and transaction.auth_id:
            told["success"] = {
                "smallcaseAuthToken": self._tokens.connected(transaction.auth_id),
                "broker": transaction.broker,
                "transactionId": transaction.id,
                "notes": transaction.notes,
            }
        if transaction.error:
            told["error"] = {"value": True, **transaction.error}
        return told

    def _keep(self, transaction: Transaction) -> None:
        self._state.put("transaction", transaction.id, vars(transaction))
