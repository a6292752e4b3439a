"""Stores on a table in memory, and the contexts of the use cases around a fake Gateway."""

from datetime import datetime, timedelta
from decimal import Decimal

from gateway_backend.domain.market.brokers import BROKERS
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.orders.request import OrderRules
from gateway_backend.domain.refresh.circuit import FailureStreak
from gateway_backend.domain.refresh.schedule import RefreshTimes
from gateway_backend.gateway.client import Gateway
from gateway_backend.runtime.queue import Queue
from gateway_backend.store.connections.account_openings import AccountOpenings
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.erasure.erasures import Erasures
from gateway_backend.store.holdings.mutual_funds import MutualFunds
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches
from gateway_backend.store.refresh.circuit import Circuits
from gateway_backend.store.refresh.pages import RefreshPages
from gateway_backend.store.transactions.idempotency import IdempotencyKeys
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.contexts import (
    EraseContext,
    PlanContext,
    PullContext,
    ReconcileContext,
    RefreshContext,
    RefreshRequestContext,
    StartContext,
    SyncContext,
    UserDataContext,
    WebhookContext,
)
from testing.fakes import InterruptibleClient, SqsClient
from testing.gateway import KEYS, FakeGateway
from testing.market_times import MINUTE, THURSDAY_EVENING
from testing.memory_table import MemoryClient

CALENDAR = nse_calendar()
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
REPLAY_WINDOW = timedelta(days=7)
HALF = Decimal("0.5")


class Contexts:
    """`now` is the time that the contexts give. The table is in memory, unless one is given."""

    def __init__(self, table: Table | None = None, *, now: datetime = THURSDAY_EVENING) -> None:
        self.now = now
        self.memory = MemoryClient()
        self.client = InterruptibleClient(self.memory)
        table = self.table = table or Table(self.client, "table")
        self.connections, self.snapshots = Connections(table), Snapshots(table)
        self.account_openings = AccountOpenings(table)
        self.transactions, self.batches = Transactions(table), Batches(table)
        self.pages, self.circuits = RefreshPages(table), Circuits(table)
        self.receipts, self.mutual_funds = Receipts(table, timedelta(days=90)), MutualFunds(table)
        self.keys, self.erasures = IdempotencyKeys(table), Erasures(table)
        self.sqs = SqsClient()
        self.queue = Queue(self.sqs, "https://queue.example")
        self.gateway = FakeGateway(self.clock)

    def clock(self) -> datetime:
        return self.now

    # Contexts ----------------------------------------------------------------------------------

    def gateway_client(self) -> Gateway:
        return Gateway(self.gateway, "https://gateway.example", KEYS)  # type: ignore[arg-type]

    @property
    def pull_context(self) -> PullContext:
        client = self.gateway_client()
        return PullContext(
            self.now, self.connections, self.snapshots, client, lambda: CALENDAR, HALF, wait=lambda _seconds: None
        )

    @property
    def sync_context(self) -> SyncContext:
        pull = self.pull_context
        return SyncContext(self.now, self.transactions, self.connections, self.batches, pull.gateway, pull)

    def webhook_context(self, attempt: int = 1) -> WebhookContext:
        return WebhookContext(attempt, self.receipts, self.mutual_funds, REPLAY_WINDOW, self.sync_context)

    @property
    def start_context(self) -> StartContext:
        return StartContext(
            now=self.now,
            keys=self.keys,
            transactions=self.transactions,
            connections=self.connections,
            snapshots=self.snapshots,
            batches=lambda: self.batches,
            erasures=self.erasures,
            gateway=self.gateway_client(),
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
    def erase_context(self) -> EraseContext:
        return EraseContext(
            clock=self.clock,
            erasures=self.erasures,
            connections=self.connections,
            snapshots=self.snapshots,
            receipts=self.receipts,
            transactions=self.transactions,
            batches=self.batches,
            mutual_funds=self.mutual_funds,
            account_openings=self.account_openings,
            keys=self.keys,
            threads=1,
        )

    @property
    def user_data_context(self) -> UserDataContext:
        return UserDataContext(
            erasures=self.erasures,
            connections=self.connections,
            snapshots=self.snapshots,
            receipts=self.receipts,
            transactions=self.transactions,
            batches=self.batches,
            account_openings=self.account_openings,
        )

    @property
    def plan_context(self) -> PlanContext:
        return PlanContext(self.now, self.connections, self.pages, self.queue, CALENDAR, TIMES)

    @property
    def reconcile_context(self) -> ReconcileContext:
        return ReconcileContext(
            self.clock, self.receipts, self.queue, self.transactions, lambda: self.sync_context, threads=1
        )
