"""The bodies of webhooks, without their checksum (contract 3.3 to 3.7)."""

import hashlib
from datetime import datetime, timedelta

from sandbox.accounts.holdings import Snapshot
from sandbox.clock import Clock, to_iso
from sandbox.errors import ControlError
from sandbox.market.securities import securities
from sandbox.orders.batch import Batch
from sandbox.orders.order_store import OrderStore
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.transactions import Transaction
from sandbox.webhooks.webhook import Body, WebhookKind

# A made-up person, recognisable as such.
INVESTOR = {"pan": "ABCDE1234F", "email": "made-up.investor@example.com"}
MILLISECOND = timedelta(milliseconds=1)
# A larger distance between two timestamps means that the clock was moved.
LONGEST_DISTANCE = timedelta(seconds=5)


class WebhookBodies:
    def __init__(self, settings: Settings, state: State, clock: Clock, order_store: OrderStore) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock
        self._order_store = order_store

    def save_import(self, transaction: Transaction, snapshot: Snapshot) -> None:
        """Stores the imported snapshot, so that webhooks about it can be fired later."""
        self._state.put("imported", transaction.id, vars(snapshot))

    def of_kind(self, kind: WebhookKind, transaction: Transaction | None, auth_id: str | None) -> Body:
        """Raises: ControlError 409 when there is nothing that such a webhook could be about."""
        if kind == "pending_action":
            return self._pending_action(auth_id or (transaction.auth_id if transaction else None))
        if transaction is None:
            raise ControlError(409, "No transaction has finished yet: name one, or finish one by acting on it.")
        if kind == "mf":
            return self.mutual_funds(transaction)
        if kind == "order":
            batch = self._order_store.of_transaction(transaction.id)
            return self.order(transaction, batch) if batch else self._invented_order(transaction, auth_id)
        return self.holdings(kind, transaction, self._imported(transaction))

    def holdings(self, kind: WebhookKind, transaction: Transaction, snapshot: Snapshot) -> Body:
        version = "v2" if kind == "holdings" else "v1"
        portfolio = snapshot.in_version(version, with_mutual_funds=transaction.mutual_funds)
        # The webhook's `lastUpdate` is when Gateway wrote the record, unlike the API's (contract 8).
        written_at = to_iso(self._clock.now() - timedelta(milliseconds=105))
        return portfolio | {"lastUpdate": written_at} | self._envelope(transaction)

    def order(self, transaction: Transaction, batch: Batch) -> Body:
        return batch.to_json() | self._envelope(transaction)

    def mutual_funds(self, transaction: Transaction) -> Body:
        """The body contains no account, so the checksum covers the transaction (contract 3.6)."""
        scheme = {
            "folio": "1077735214",
            "scheme": "Parag Parikh Flexi Cap Fund - Direct Plan - Growth",
            "isin": "INF879O01027",
            "units": 153.482,
            "nav": 91.7713,
            "navDate": "2026-08-03",
            "marketValue": 14085.242,
            **INVESTOR,
        }
        return {
            "gateway": self._settings.gateway_name,
            "intent": "MF_HOLDINGS_IMPORT",
            "transactionId": transaction.id,
            "data": {
                "transactionId": transaction.id,
                "payload": {
                    "investorDetails": INVESTOR | {"mobile": "9999999999", "name": "Made-Up Investor"},
                    "dtSummary": [scheme],
                    "dtTransaction": [],
                },
            },
            "timestamp": self._timestamp(),
        } | _notes(transaction)

    def _imported(self, transaction: Transaction) -> Snapshot:
        stored = self._state.get("imported", transaction.id)
        if stored is None:
            raise ControlError(409, f"{transaction.id} ({transaction.intent}) imported no holdings to tell about.")
        return Snapshot(**stored)

    def _invented_order(self, transaction: Transaction, auth_id: str | None) -> Body:
        """A batch for a transaction without orders; the webhook is authentic, but its content is not true."""
        orders = [
            {
                "tradingsymbol": security.ticker,
                "transactionType": "BUY",
                "orderType": "MARKET",
                "status": "COMPLETE",
                "quantity": 1,
                "filledQuantity": 1,
                "averagePrice": security.price,
                "product": "CNC",
                "exchange": "NSE",
                "exchangeOrderId": f"10000000{number:08}",
            }
            for number, security in enumerate(securities()[:2], start=1)
        ]
        return {
            "batchId": hashlib.sha256(transaction.id.encode()).hexdigest()[:24],
            "variety": "regular",
            "status": "COMPLETED",
            "quantity": len(orders),
            "filled": len(orders),
            "buyAmount": 1575.0900000000001,
            "sellAmount": 0,
            "completedDate": self._clock.now_iso(),
            "orders": orders,
            "unplaced": [],
            **self._envelope(transaction),
            "smallcaseAuthId": transaction.auth_id or auth_id or transaction.pinned_to,
        }

    def _pending_action(self, auth_id: str | None) -> Body:
        if not auth_id:
            raise ControlError(409, "A pending action is an account's: name its smallcaseAuthId.")
        return {
            "smallcaseAuthId": auth_id,
            "iscid": hashlib.sha256(auth_id.encode()).hexdigest()[:24],
            "scid": "SCAW_0001",
            "action": "REBALANCE",
            "timestamp": self._timestamp(),
        }

    def _envelope(self, transaction: Transaction) -> Body:
        return _notes(transaction) | {
            "smallcaseAuthId": transaction.auth_id,
            "broker": transaction.broker,
            "transactionId": transaction.id,
            "timestamp": self._timestamp(),
        }

    def _timestamp(self) -> str:
        """The time, but never the same twice: webhooks with an equal timestamp would have an equal checksum."""
        now = self._clock.now()
        last = self._state.get("clock", "stamped")
        if last and abs(now - datetime.fromisoformat(last)) < LONGEST_DISTANCE:
            now = max(now, datetime.fromisoformat(last) + MILLISECOND)
        self._state.put("clock", "stamped", to_iso(now))
        return to_iso(now)


def _notes(transaction: Transaction) -> Body:
    return {} if transaction.notes is None else {"notes": transaction.notes}
