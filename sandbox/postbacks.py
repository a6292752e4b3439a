"""What Gateway's webhooks say, how they are signed, and how they can go wrong (contract 3)."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sandbox import exact_json
from sandbox.accounts.holdings import Snapshot
from sandbox.clock import Clock, to_iso
from sandbox.errors import ControlError
from sandbox.market import securities
from sandbox.orders.batch import Batch
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import WebhookPolicy
from sandbox.sender import Post, Sender
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.transactions import Transaction

Kind = Literal["holdings", "holdings_v1", "mf", "order", "pending_action"]
Mode = Literal[
    "normal",
    "duplicate",
    "late",
    "reordered",
    "forged",
    "forged_body",
    "wrong_secret",
    "tampered",
    "truncated",
    "huge",
]
Body = dict[str, Any]

# What Gateway itself sends. The other modes are somebody else's doing: nobody retries those.
GENUINE = ("normal", "duplicate", "late", "reordered")
# More than a Lambda function can be given.
HUGE = 6 * 1024 * 1024 + 1
# Nobody's, and visibly so.
INVESTOR = {"pan": "ABCDE1234F", "email": "made-up.investor@example.com"}
MILLISECOND = timedelta(milliseconds=1)
# Further away than this, the clock was moved.
STAMPS_APART = timedelta(seconds=5)


def checksum(key: str, timestamp: str, subject: str) -> str:
    """Lower-case hex HMAC-SHA256 over `timestamp + subject`, nothing between (contract 3.2)."""
    return hmac.new(key.encode(), (timestamp + subject).encode(), hashlib.sha256).hexdigest()


def sign(body: Body, key: str) -> Body:
    if not isinstance(body.get("timestamp"), str):
        raise ControlError(400, "The checksum is made of the timestamp: override it with a text, or give a checksum.")
    return body | {"checksum": checksum(key, body["timestamp"], _subject(body))}


class Postbacks:
    def __init__(self, settings: Settings, state: State, clock: Clock, sender: Sender, order_store: OrderStore) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock
        self._sender = sender
        self._order_store = order_store

    def holdings_imported(self, transaction: Transaction, snapshot: Snapshot, sending: WebhookPolicy) -> None:
        """Tells the partner of a finished import: now, later on demand, or never."""
        self._state.put("imported", transaction.id, vars(snapshot))
        kind: Kind = "holdings" if transaction.version == "v2" else "holdings_v1"
        self._tell(kind, self._holdings(kind, transaction, snapshot), sending)

    def mutual_funds_imported(self, transaction: Transaction, sending: WebhookPolicy) -> None:
        self._tell("mf", self._mutual_funds(transaction), sending)

    def order_changed(self, transaction: Transaction, batch: Batch, sending: WebhookPolicy) -> None:
        self._tell("order", self._real_order(transaction, batch), sending)

    def held(self) -> list[Body]:
        """Those that wait to be released, in the order in which they were made."""
        waiting = [held for _, held in self._state.items("held") if not held["released"]]
        return [
            {
                "id": held["post"]["id"],
                "kind": held["post"]["kind"],
                "transactionId": held["post"]["transaction_id"],
                "status": exact_json.loads(held["post"]["text"]).get("status"),
            }
            for held in waiting
        ]

    def release(self, ids: list[str]) -> list[Post]:
        """What to send, in this order; an id that was released before is a duplicate.

        Raises: ControlError 404 for an id that was never held.
        """
        return [self._release(post_id) for post_id in ids]

    def _release(self, post_id: str) -> Post:
        held = self._state.get("held", post_id)
        if held is None:
            raise ControlError(404, f"No webhook {post_id} was ever held.")
        self._state.put("held", post_id, held | {"released": True})
        post = Post(**held["post"])
        return self._again(post) if held["released"] else post

    def _tell(self, kind: Kind, body: Body, sending: WebhookPolicy) -> None:
        """Now, later on demand, or never."""
        if sending == "drop":
            return
        signed = sign(body, self._settings.api_secret)
        post = self._post(kind, "normal", signed, exact_json.dumps(signed))
        if sending == "hold":
            self._state.put("held", post.id, {"post": vars(post), "released": False})
        else:
            self._sender.send_soon(post)

    def compose(
        self,
        kind: Kind,
        mode: Mode,
        transaction: Transaction | None,
        auth_id: str | None,
        overrides: Body,
    ) -> list[Post]:
        """The webhook or webhooks to fire, in order. `overrides` count before the signature is made.

        Raises: ControlError 409 when there is nothing to tell.
        """
        if mode == "normal" and not overrides and transaction and (held := self._take_held(transaction, kind)):
            return [held]
        if mode == "duplicate" and not overrides and transaction:
            last = self._sender.last_sent(kind, transaction.id)
            if last:
                return [self._again(last)]
        body = self._body(kind, transaction, auth_id) | overrides
        if "checksum" not in overrides:
            body = sign(body, self._settings.api_secret)
        return [self._post(kind, mode, body, text) for text in self._texts(mode, body)]

    def _texts(self, mode: Mode, body: Body) -> list[str]:
        text = exact_json.dumps(body)
        match mode:
            case "normal":
                return [text]
            case "duplicate":
                return [text, text]
            case "late":
                return [exact_json.dumps(self._older(body))]
            case "reordered":
                return [text, exact_json.dumps(self._older(body))]
            case "forged":
                # A hash without any key: what somebody who only read the docs would try.
                guess = hashlib.sha256((body["timestamp"] + _subject(body)).encode()).hexdigest()
                return [exact_json.dumps(body | {"checksum": guess})]
            case "forged_body":
                return [exact_json.dumps(_with_other_results(body))]
            case "wrong_secret":
                return [exact_json.dumps(sign(body, self._settings.secret))]
            case "tampered":
                return [exact_json.dumps(_with_other_numbers(body))]
            case "truncated":
                return [text[: len(text) // 2]]
            case "huge":
                return [exact_json.dumps(body | {"padding": "x" * HUGE})]

    def _older(self, body: Body) -> Body:
        """What Gateway would have said a day before, authentic too."""
        older: Body = {}
        if "snapshotDate" in body:
            day_before = _earlier(body["snapshotDate"], timedelta(days=1))
            older = {"snapshotDate": day_before, "lastUpdate": day_before}
            if isinstance(body["securities"], list):
                # So that it shows should an older one ever win.
                older["securities"] = body["securities"][:-1]
        elif "batchId" in body:
            older = {
                "status": "PLACED",
                "filled": 0,
                "buyAmount": 0,
                "sellAmount": 0,
                "completedDate": None,
                "orders": [_as_placed(row) for row in body["orders"]],
            }
        sent_before = _earlier(body["timestamp"], MILLISECOND)
        return sign(body | older | {"timestamp": sent_before}, self._settings.api_secret)

    def _body(self, kind: Kind, transaction: Transaction | None, auth_id: str | None) -> Body:
        if kind == "pending_action":
            return self._pending_action(auth_id or (transaction.auth_id if transaction else None))
        if transaction is None:
            raise ControlError(409, "No transaction has finished yet: name one, or finish one by acting on it.")
        if kind == "mf":
            return self._mutual_funds(transaction)
        if kind == "order":
            batch = self._order_store.of_transaction(transaction.id)
            return self._real_order(transaction, batch) if batch else self._invented_order(transaction, auth_id)
        return self._holdings(kind, transaction, self._imported(transaction))

    def _imported(self, transaction: Transaction) -> Snapshot:
        stored = self._state.get("imported", transaction.id)
        if stored is None:
            raise ControlError(409, f"{transaction.id} ({transaction.intent}) imported no holdings to tell about.")
        return Snapshot(**stored)

    def _holdings(self, kind: Kind, transaction: Transaction, snapshot: Snapshot) -> Body:
        version = "v2" if kind == "holdings" else "v1"
        told = snapshot.in_version(version, with_mutual_funds=transaction.mutual_funds)
        # The webhook's `lastUpdate` is when Gateway wrote the record, unlike the API's (contract 8).
        written_at = to_iso(self._clock.now() - timedelta(milliseconds=105))
        return told | {"lastUpdate": written_at} | self._envelope(transaction)

    def _real_order(self, transaction: Transaction, batch: Batch) -> Body:
        return batch.to_json() | self._envelope(transaction)

    def _invented_order(self, transaction: Transaction, auth_id: str | None) -> Body:
        """About a transaction that ordered nothing: authentic, and not true."""
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
            for number, security in enumerate(securities.securities()[:2], start=1)
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

    def _mutual_funds(self, transaction: Transaction) -> Body:
        """Medium confidence (contract 3.6): no account in it, so the transaction is what is signed."""
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
        """Never the same twice: two webhooks of one millisecond would share their checksum."""
        now = self._clock.now()
        last = self._state.get("clock", "stamped")
        if last and abs(now - datetime.fromisoformat(last)) < STAMPS_APART:
            now = max(now, datetime.fromisoformat(last) + MILLISECOND)
        self._state.put("clock", "stamped", to_iso(now))
        return to_iso(now)

    def _take_held(self, transaction: Transaction, kind: Kind) -> Post | None:
        """The oldest of them."""
        for one in self.held():
            if (one["kind"], one["transactionId"]) == (kind, transaction.id):
                return self._release(one["id"])
        return None

    @staticmethod
    def _post(kind: Kind, mode: Mode, body: Body, text: str) -> Post:
        return Post(
            id=_fresh_id(),
            kind=kind,
            mode=mode,
            transaction_id=body.get("transactionId"),
            text=text,
            is_retried=mode in GENUINE,
        )

    @staticmethod
    def _again(post: Post) -> Post:
        return Post(**vars(post) | {"id": _fresh_id(), "mode": "duplicate"})


def _fresh_id() -> str:
    return f"whk_{uuid4().hex}"


def _earlier(moment: str, by: timedelta) -> str:
    try:
        return to_iso(datetime.fromisoformat(moment) - by)
    except ValueError as error:
        raise ControlError(400, f"{moment!r} is no time, so there is none before it.") from error


def _notes(transaction: Transaction) -> Body:
    return {} if transaction.notes is None else {"notes": transaction.notes}


def _subject(body: Body) -> str:
    return str(body.get("smallcaseAuthId") or body.get("transactionId"))


def _as_placed(order: Body) -> Body:
    told = order | {"status": "PLACED", "filledQuantity": 0, "errorCode": None, "statusMessage": None}
    told.pop("averagePrice", None)
    return told


def _with_other_results(batch: Body) -> Body:
    """Everything executed, ten times over: the checksum does not cover it."""
    if "batchId" not in batch:
        raise ControlError(400, "`forged_body` is for orders.")
    orders = [_as_complete(order) for order in batch["orders"] + batch["unplaced"]]
    told = {"status": "COMPLETED", "filled": len(orders), "completedDate": batch["timestamp"]}
    return batch | told | {"orders": orders, "unplaced": []}


def _as_complete(order: Body) -> Body:
    quantity = order["quantity"] * 10
    price = order.get("averagePrice", 1.5)
    done = {"status": "COMPLETE", "quantity": quantity, "filledQuantity": quantity, "averagePrice": price}
    return order | done | {"errorCode": None, "statusMessage": None}


def _with_other_numbers(value: Any) -> Any:
    """Every whole number changed: the checksum does not cover them."""
    match value:
        case bool():
            return value
        case int():
            return value + 1000
        case dict():
            return {name: _with_other_numbers(member) for name, member in value.items()}
        case list():
            return [_with_other_numbers(member) for member in value]
    return value
