"""Brokers, and a Gateway in front of them that fails on demand; behind our real client and our real store, in memory.

By example: Thursday 19 and Friday 20 November 2026 are ordinary, then comes a weekend.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import requests

from gateway_backend.contracts.events.details import Detail
from gateway_backend.contracts.refresh.page_message import parse_page
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.snapshot import PullOutcome
from gateway_backend.domain.market.brokers import BROKERS
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.recorded_batch import RecordedBatch, apply_report
from gateway_backend.domain.orders.request import OrderRequest, OrderRules, RequestedSecurity
from gateway_backend.domain.refresh.circuit import CircuitState, FailureStreak
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.refresh.schedule import RefreshTimes
from gateway_backend.domain.shared import times
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction, begin
from gateway_backend.domain.webhooks.receipt import ReceiptKey
from gateway_backend.gateway import tokens
from gateway_backend.gateway.checksums import checksum
from gateway_backend.gateway.client import Gateway
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.streams import Change
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.holdings.mutual_funds import MutualFunds
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches
from gateway_backend.store.refresh.circuit import Circuits
from gateway_backend.store.refresh.pages import RefreshPages
from gateway_backend.store.transactions.idempotency import IdempotencyKeys
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.connections.link import link_account
from gateway_backend.usecases.connections.unlink import unlink_account
from gateway_backend.usecases.contexts import (
    PlanContext,
    PullContext,
    ReconcileContext,
    RefreshContext,
    RefreshRequestContext,
    StartContext,
    SyncContext,
    WebhookContext,
)
from gateway_backend.usecases.events.publish import events_of
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings
from gateway_backend.usecases.orders.sync import placement_of
from gateway_backend.usecases.refresh.page import refresh_page
from gateway_backend.usecases.webhooks.accept import accept_webhook
from gateway_backend.usecases.webhooks.apply import apply_webhook
from testing.memory_table import MemoryClient
from testing.portfolios import holding, market, portfolio

KOLKATA = ZoneInfo("Asia/Kolkata")
THURSDAY_EVENING = datetime(2026, 11, 19, 18, 0, tzinfo=KOLKATA)
FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KOLKATA)
FRIDAY_CLOSE = datetime(2026, 11, 20, 15, 30, tzinfo=KOLKATA)
FRIDAY_WINDOW = FRIDAY_CLOSE + timedelta(minutes=15)
MONDAY_WINDOW = FRIDAY_WINDOW + timedelta(days=3)
CALENDAR = nse_calendar()
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
HALF = Decimal("0.5")
KEYS = GatewayKeys("demogateway", "a-made-up-secret-of-32-bytes-or-so", ("api-secret",))
BATCH_WRITES = ("put_item", "transact_write_items")
"""How an order's batch is written, later and at first."""

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

type Securities = dict[int, int]
"""Number of the security in the market -> quantity."""


class Crash(BaseException):
    """The worker dies here: nothing of ours catches this."""


class Interruptible:
    """The table's client; `before` sees every operation first and may raise."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before: Callable[[str, dict[str, Any]], None] = lambda _operation, _request: None

    @property
    def write_units(self) -> int:
        return int(self._client.write_units)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.before(operation, request)
            return getattr(self._client, operation)(**request)

        return call


class Sqs:
    """Takes `takes` messages, then refuses."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.takes = 1_000_000
        self.meanwhile: Callable[[], object] | None = None
        """Happens once, when the next messages have been sent and the sender does not know it yet."""

    def send_message_batch(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        taken, refused = Entries[: self.takes], Entries[self.takes :]
        self.takes -= len(taken)
        self.sent += [(entry["MessageBody"], entry["DelaySeconds"]) for entry in taken]
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in refused]}

    def change_message_visibility(self, **_: Any) -> None:
        """A message that failed comes back sooner."""

    @property
    def pages(self) -> list[RefreshPage]:
        return [parse_page(message) for message, _ in self.sent]


@dataclass
class Held:
    """What one account holds at its broker, and the snapshots that Gateway has taken of it."""

    broker: str
    securities: Securities
    alive: bool = True
    forbidden: bool = False
    data: str = ""
    """Members of the data object, as JSON text, in place of the securities."""

    snapshots: list[tuple[datetime, Securities]] = field(default_factory=list)


@dataclass
class Upstream:
    """Gateway, as far as a `requests.Session` shows it. A live session makes a new snapshot whenever it is asked."""

    clock: Callable[[], datetime]
    held: dict[str, Held] = field(default_factory=dict)
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    """Transaction -> its batches, as `orders/sst` wraps them."""

    investments: dict[str, Any] = field(default_factory=dict)
    """iscid -> what is known of it."""

    faults: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    """What the next calls for an account, or about a transaction, its orders or an investment, run into."""

    every_call: str = ""
    meanwhile: Callable[[], object] | None = None
    """Happens once, after Gateway has made its next answer and before we see it."""

    calls: list[str] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    """Every body of a create that reached Gateway, answered or not."""

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
        data: str = "",
        **_: Any,
    ) -> Iterator[Any]:
        answer: Callable[[str, str], tuple[int, str]]
        if method == "POST":
            self.created.append(json.loads(data))
            subject, answer = "create", self._create
        elif url.endswith("/holdings"):
            subject = tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, now=None) or ""
            answer = self._holdings
        elif url.endswith("/orders/sst"):
            subject, answer = orders_of((params or {})["transactionId"]), self._orders
        elif url.endswith("/user/investments"):
            subject, answer = (params or {})["iscid"], self._investment
        else:
            subject, answer = (params or {})["transactionId"], self._transaction
        self.calls.append(subject)
        fault = self.every_call or (self.faults[subject].popleft() if self.faults[subject] else "")
        status, body = self._failing(fault, lambda: answer(subject, fault))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        yield SimpleNamespace(status_code=status, raw=_Raw(body.encode()))

    def _failing(self, fault: str, answer: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        match fault:
            case "timeout":
                raise requests.Timeout
            case "garbage":
                return 200, "<html>Bad gateway</html>"
            case "truncated":
                status, body = answer()
                return status, body[: len(body) // 2]
            case _ if fault.isdecimal():
                return int(fault), "{}"
        return answer()

    def _holdings(self, account_id: str, fault: str) -> tuple[int, str]:
        account = self.held[account_id]
        if account.forbidden:
            return 403, "{}"
        taken = (_millisecond(self.clock()), dict(account.securities))
        if account.snapshots and (not account.alive or fault == "unmoved"):
            taken = account.snapshots[-1]
        if account.snapshots and fault in ("late", "empty, old date"):
            taken = account.snapshots[0]
        date, securities = taken
        shown = {"empty": {}, "empty, old date": {}, "half": half_of(securities)}.get(fault, securities)
        if not fault:
            account.snapshots.append(taken)
        dates = {"future date": times.to_text(self.clock() + HOUR), "unreadable date": "yesterday"}
        about = {
            "snapshotDate": dates.get(fault, times.to_text(date)),
            "smallcaseAuthId": account_id,
            "broker": account.broker,
            "updating": fault == "updating",
        }
        members = json.dumps(about)[1:-1]
        data = f"{{{account.data},{members}}}" if account.data else portfolio(*_texts(shown), dates=members)
        return _success(data)

    def _transaction(self, transaction_id: str, _fault: str) -> tuple[int, str]:
        known = self.transactions.get(transaction_id)
        return _success(json.dumps({"transactionDetails": known})) if known else (400, "{}")

    def _orders(self, subject: str, _fault: str) -> tuple[int, str]:
        return _success(json.dumps(self.orders.get(subject.removeprefix(orders_of("")))))

    def _investment(self, iscid: str, _fault: str) -> tuple[int, str]:
        known = self.investments.get(iscid)
        return _success(json.dumps(known)) if known else (400, "{}")

    def _create(self, _subject: str, _fault: str) -> tuple[int, str]:
        transaction_id = f"TRX_{len(self.transactions) + 1}"
        self.transactions[transaction_id] = {"status": "INITIALIZED"}
        expire_at = times.to_text(self.clock() + timedelta(minutes=5))
        return _success(json.dumps({"transactionId": transaction_id, "expireAt": expire_at}))


class World:
    """Everything behind the use cases, at a time of its own; the table is in memory, unless one is given."""

    def __init__(self, table: Table | None = None, *, now: datetime = THURSDAY_EVENING) -> None:
        self.now = now
        self.memory = MemoryClient()
        self.client = Interruptible(self.memory)
        table = self.table = table or Table(self.client, "table")
        self.connections, self.snapshots = Connections(table), Snapshots(table)
        self.transactions, self.batches = Transactions(table), Batches(table)
        self.pages, self.circuits = RefreshPages(table), Circuits(table)
        self.receipts, self.mutual_funds = Receipts(table, timedelta(days=90)), MutualFunds(table)
        self.keys = IdempotencyKeys(table)
        self.sqs = Sqs()
        self.queue = Queue(self.sqs, "https://queue.example")
        self.upstream = Upstream(self.clock)

    def clock(self) -> datetime:
        return self.now

    def gateway(self) -> Gateway:
        return Gateway(self.upstream, "https://gateway.example", KEYS)  # type: ignore[arg-type]

    # What users and brokers do -----------------------------------------------------------------

    def begin(
        self, transaction_id: str, user: str = "user-1", intent: Intent = Intent.HOLDINGS_IMPORT, **more: Any
    ) -> Transaction:
        transaction = begin(
            Transaction(transaction_id, user, intent, self.now, self.now + timedelta(minutes=5), "correlation", **more)
        )
        self.transactions.add(transaction)
        self.upstream.transactions[transaction_id] = {"status": Status.INITIALIZED}
        return transaction

    def complete(self, transaction_id: str, account_id: str, securities: int = 4, broker: str = "kite") -> None:
        """The user logs in at the broker and consents; Gateway knows, and we do not yet."""
        self.upstream.held.setdefault(account_id, Held(broker, dict.fromkeys(range(securities), 10))).alive = True
        self.upstream.transactions[transaction_id] = {
            "status": Status.COMPLETED,
            "smallcaseAuthId": account_id,
            "broker": broker,
        }

    def link(self, account_id: str, securities: int = 4, broker: str = "kite", *, imported: bool = True) -> Connection:
        """A user's account, with the first snapshot taken now."""
        transaction = self.begin(f"TRX_{account_id}")
        self.complete(transaction.id, account_id, securities, broker)
        link_account(transaction, account_id, broker, self.sync_context)
        if imported:
            self.pull(account_id)
        return self.connection(account_id)

    def link_many(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.link(account_id).id for account_id in ids)

    def begin_order(self, transaction_id: str, user: str = "user-1", **more: Any) -> Transaction:
        """For a basket whose stocks are left to the user."""
        order = OrderRequest("SECURITIES", (RequestedSecurity("AXISBANK"),))
        return self.begin(transaction_id, user, Intent.TRANSACTION, **({"order": order} | more))

    def trade(
        self, transaction_id: str, account_id: str, status: Status, *batches: dict[str, Any], **more: Any
    ) -> None:
        """The user has logged in; Gateway says this of the order from now on, and we have not heard of it."""
        broker = self.upstream.held[account_id].broker if account_id in self.upstream.held else "groww"
        self.upstream.transactions[transaction_id] = {
            "status": status,
            "smallcaseAuthId": account_id,
            "broker": broker,
            "flags": {"isOrderRequested": bool(batches)},
        } | more
        self.upstream.orders[transaction_id] = list(batches)

    def hold(self, account_id: str, *securities: int, quantity: int = 10) -> None:
        self.upstream.held[account_id].securities = dict.fromkeys(securities, quantity)

    def fails(self, account_id: str, *faults: str) -> None:
        self.upstream.faults[account_id].extend(faults)

    # What the system does ----------------------------------------------------------------------

    @property
    def pull_context(self) -> PullContext:
        gateway = self.gateway()
        return PullContext(
            self.now, self.connections, self.snapshots, gateway, CALENDAR, HALF, wait=lambda _seconds: None
        )

    @property
    def sync_context(self) -> SyncContext:
        pull = self.pull_context
        return SyncContext(self.now, self.transactions, self.connections, self.batches, pull.gateway, pull)

    def webhook_context(self, attempt: int = 1) -> WebhookContext:
        return WebhookContext(attempt, self.receipts, self.mutual_funds, timedelta(days=7), self.sync_context)

    @property
    def start_context(self) -> StartContext:
        return StartContext(
            now=self.now,
            keys=self.keys,
            transactions=self.transactions,
            connections=self.connections,
            snapshots=self.snapshots,
            batches=lambda: self.batches,
            gateway=self.gateway(),
            rules=OrderRules(50, 100_000, {}, frozenset({"meta"})),
            brokers=BROKERS,
        )

    def refresh_request_context(self, floor: timedelta = MINUTE) -> RefreshRequestContext:
        return RefreshRequestContext(floor, TIMES, self.pull_context, self.start_context)

    @property
    def refresh_context(self) -> RefreshContext:
        return RefreshContext(
            clock=self.clock,
            connections=self.connections,
            pages=self.pages,
            circuits=self.circuits,
            queue=self.queue,
            pull=lambda: self.pull_context,
            calendar=CALENDAR,
            times=TIMES,
            threads=1,
            jitter=lambda _below: 0,
            streak=FailureStreak(),
        )

    @property
    def plan_context(self) -> PlanContext:
        return PlanContext(self.now, self.connections, self.pages, self.queue, CALENDAR, TIMES)

    @property
    def reconcile_context(self) -> ReconcileContext:
        return ReconcileContext(
            self.clock, self.receipts, self.queue, self.transactions, lambda: self.sync_context, threads=1
        )

    def signed(self, body: dict[str, Any]) -> bytes:
        """A webhook as Gateway sends it now; its checksum covers a timestamp and an id only."""
        told = {"timestamp": times.to_text(self.now)} | body
        subject = told.get("smallcaseAuthId") or told["transactionId"]
        return json.dumps(told | {"checksum": checksum(told["timestamp"] + subject, KEYS.api_secret)}).encode()

    def hear(self, body: dict[str, Any], **more: Any) -> ReceiptKey:
        """It arrives."""
        return self.deliver(self.signed(body | more))

    def deliver(self, raw: bytes) -> ReceiptKey:
        accepted = accept_webhook(
            raw, now=self.now, api_secrets=KEYS.api_secrets, receipts=self.receipts, queue=self.queue
        )
        return accepted.key

    def apply(self, key: ReceiptKey, attempt: int = 1) -> tuple[str | None, str | None]:
        """The receipt's verdict and reason afterwards."""
        apply_webhook(key, self.webhook_context(attempt))
        receipt = self.receipts.find(key)
        assert receipt is not None
        return receipt.verdict, receipt.reason

    def refresh(self, *accounts: str, attempt: int = 0, threads: int = 1) -> Counter[str]:
        page = RefreshPage(CALENDAR.last_close(self.now), accounts, attempt)
        return refresh_page(page, self.refresh_context._replace(threads=threads))

    def pull(self, account_id: str) -> PullOutcome:
        return import_holdings(self.connection(account_id), AFTER_LOGIN, self.pull_context)

    def log_in(self, transaction: Transaction, account_id: str, broker: str = "kite") -> Connection:
        """We have heard from Gateway that the transaction's user has logged in to the account."""
        return link_account(transaction, account_id, broker, self.sync_context)

    def lapse(self, account_id: str, reason: str = "GATEWAY_FORBIDDEN") -> None:
        """An answer of Gateway has proven the session over."""
        connection = self.connection(account_id)

        def fail(stored: Connection) -> Connection:
            return stored.record_failure(reason, self.now, pulled_for=connection, ends_session=True)

        self.connections.update(connection, fail)

    def end_ownership(self, account_id: str, at: datetime | None = None) -> None:
        """The first step of unlinking: nothing is erased yet."""
        self.connections.unlink(self.connection(account_id).unlink(at or self.now))

    def lease(self, account_id: str) -> None:
        """The user's own refresh of the account has begun."""
        connection = self.connection(account_id)
        self.connections.save(connection, connection.begin_refresh(self.now, floor=MINUTE, lasting=MINUTE))

    def open_circuit(self) -> None:
        circuit = self.circuits.find()
        self.circuits.open(circuit, circuit.open(self.now))

    def circuit_is_open(self) -> bool:
        return self.circuits.find().state(self.now) is CircuitState.OPEN

    def record_batch(self, transaction: Transaction, report: Batch, now: datetime) -> RecordedBatch | None:
        """Gateway has reported this of an order; what is recorded afterwards, None when that was erased."""
        recorded = {batch.batch.id: batch for batch in self.batches.of(transaction.id)}.get(report.id)
        decide = partial(apply_report, report=report, placed_by=placement_of(transaction), now=now)
        step = decide(recorded)
        return self.batches.record(step, decide, transaction.created_at) if step else recorded

    def unlink(self, account_id: str, user: str = "user-1") -> None:
        unlink_account(
            account_id,
            user=user,
            now=self.now,
            connections=self.connections,
            snapshots=self.snapshots,
            receipts=self.receipts,
            batches=self.batches,
            transactions=self.transactions,
        )

    # What there is to see ----------------------------------------------------------------------

    def connection(self, account_id: str) -> Connection:
        connection = self.connections.find(account_id)
        assert connection is not None, f"{account_id} is not linked"
        return connection

    def stored(self, account_id: str) -> Securities | None:
        """What our newest snapshot says is held."""
        _, text = self.snapshots.owned_with_newest(account_id, self.connection(account_id).owner)
        return None if text is None else securities_in(text)

    def listen(self) -> list[Detail]:
        """Every event from now on, as the table's stream gives it."""
        told: list[Detail] = []
        numbers = count()

        def changed(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
            number = f"{next(numbers)}"
            told.extend(events_of(Change(number, number, self.now, before, after)))

        self.memory.on_change = changed
        return told

    def calls_for(self, subject: str) -> int:
        return self.upstream.calls.count(subject)


def orders_of(transaction_id: str) -> str:
    """What a pull of the transaction's orders counts as, among the calls and for the faults."""
    return f"orders of {transaction_id}"


def securities_in(text: str) -> Securities:
    """What a portfolio's JSON text says is held."""
    return {_NUMBERS[held["isin"]]: held["holdings"]["quantity"] for held in json.loads(text)["securities"]}


_NUMBERS = {row["isin"]: number for number, row in enumerate(market())}


class _Raw(BytesIO):
    def read1(self, size: int | None = -1, /, *, decode_content: bool = False) -> bytes:
        return super().read1(size)


def _texts(securities: Securities) -> list[str]:
    return [holding(number, quantity) for number, quantity in securities.items()]


def half_of(securities: Securities) -> Securities:
    """At least half of them are missing."""
    return dict(list(securities.items())[: len(securities) // 2])


def _success(data: str) -> tuple[int, str]:
    return 200, f'{{"success":true,"errors":null,"data":{data}}}'


def _millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
