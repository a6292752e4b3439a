"""Transactions and the states they go through (contract 2.1, 2.5, 2.12)."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.clock import Clock, to_iso
from sandbox.orders import Batch
from sandbox.state import State

# What the SDK takes for success, if there is a token (contract 5.6, points 4 and 5).
SUCCESSFUL = ("COMPLETED", "ACTION_REQUIRED", "PROCESSING")


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
    # The body it was created with.
    asked: dict[str, Any] = field(default_factory=dict)
    # The basket's name and logo.
    looks: dict[str, Any] = field(default_factory=dict)
    # The account whose connected token created it: only that one may log in.
    pinned_to: str | None = None
    status: str = "INITIALIZED"
    # The user took too long, without anybody having to wait for it.
    ran_out: bool = False
    # Set from the moment the user has logged in, whatever happens then.
    auth_id: str | None = None
    broker: str | None = None
    error: dict[str, Any] | None = None
    # True from the moment an order was sent to the broker.
    order_requested: bool = False
    # What came of it besides orders: funds, sipDetails, scid, iscid, name.
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def order_config(self) -> dict[str, Any]:
        told: dict[str, Any] = self.asked.get("orderConfig") or {}
        return told

    @property
    def order_kind(self) -> str | None:
        return self.order_config.get("type") if self.intent == "TRANSACTION" else None

    @property
    def is_finished(self) -> bool:
        return self.status == "COMPLETED"

    def belongs_to(self, auth_id: str) -> bool:
        return auth_id in (self.pinned_to, self.auth_id)


class Transactions:
    def __init__(self, state: State, clock: Clock, tokens: GatewayTokens, gateway_name: str) -> None:
        self._state = state
        self._clock = clock
        self._tokens = tokens
        self._gateway_name = gateway_name

    def create(
        self,
        intent: str,
        *,
        lifetime: timedelta,
        asked: dict[str, Any],
        looks: dict[str, Any],
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
            asked=asked,
            looks=looks,
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

    def details(self, transaction: Transaction, batch: Batch | None) -> dict[str, Any]:
        """The SDK's transaction object (contract 2.5); what there is nothing to say about is left out."""
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
            "flags": {"isOrderRequested": transaction.order_requested},
        }
        if transaction.order_config:
            told["orderConfig"] = _order_config(transaction)
        if transaction.looks:
            told["config"] = transaction.looks
        if transaction.intent == "SUBSCRIPTION":
            told["subscriptionConfig"] = {"scid": transaction.asked["config"]["scid"]}
        if transaction.status in SUCCESSFUL:
            told["success"] = self._success(transaction, batch)
        if transaction.error:
            told["error"] = {"value": True, **transaction.error}
        return told

    def _success(self, transaction: Transaction, batch: Batch | None) -> dict[str, Any]:
        told: dict[str, Any] = {"transactionId": transaction.id, "notes": transaction.notes}
        # Importing mutual funds needs no broker.
        if transaction.auth_id:
            told |= {
                "smallcaseAuthToken": self._tokens.connected(transaction.auth_id),
                "broker": transaction.broker,
            }
        data = transaction.result | ({"batches": [batch.told()]} if batch else {})
        return told | ({"data": data} if data else {})

    def _keep(self, transaction: Transaction) -> None:
        self._state.put("transaction", transaction.id, vars(transaction))


def _order_config(transaction: Transaction) -> dict[str, Any]:
    """The securities come back as `orders`, by their `sid`."""
    asked = dict(transaction.order_config)
    securities = asked.pop("securities", [])
    asked.pop("meta", None)
    return asked | ({"orders": [_configured(one) for one in securities]} if securities else {})


def _configured(security: dict[str, Any]) -> dict[str, Any]:
    ticker = security["ticker"]
    told = {name: value for name, value in security.items() if name != "ticker"}
    return told | {"sid": hashlib.sha256(ticker.encode()).hexdigest()[:5].upper(), "sidInfo": {"ticker": ticker}}
