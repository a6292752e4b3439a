"""One process's share of the accounts, event by event, on a virtual clock."""

import gc
import heapq
import itertools
import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast

import requests

from bench.simulation.figures import Figures
from bench.simulation.invariant_checker import InvariantChecker
from bench.simulation.network import Network, VirtualClock
from bench.simulation.queue import MOST_RECEIVES, Message, VirtualSqs, retry_delay
from bench.simulation.scenario import CONFIRM_SHARE, TICK, TIMES, Scenario, agenda
from bench.simulation.world import Client, World, milliseconds
from gateway_backend.bootstrap.contexts import THREADS
from gateway_backend.contracts.refresh.page_message import parse_page
from gateway_backend.domain.refresh.circuit import FailureStreak
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import DomainError
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway.client import Gateway
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime.observability import metrics
from gateway_backend.runtime.queue import Queue
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches
from gateway_backend.store.refresh.circuit import Circuits
from gateway_backend.store.refresh.pages import RefreshPages
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.usecases.connections.flag_stale import flag_stale_sessions
from gateway_backend.usecases.connections.link import link_account
from gateway_backend.usecases.contexts import PlanContext, PullContext, RefreshContext, SyncContext
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings
from gateway_backend.usecases.refresh.page import refresh_page
from gateway_backend.usecases.refresh.plan import plan_refresh
from gateway_backend.usecases.transactions.sync import apply_gateway_report
from testing.memory_table import MemoryClient

type Progress = Callable[[float], None]

TABLE_CALL_SECONDS = 0.005
CPU_SECONDS_PER_ACCOUNT = 0.003
"""On Lambda with 512 MB, which has 29 % of a core: about 0.9 ms on a whole one (profiled)."""

_KEYS = GatewayKeys("simulated", "simulated-secret-not-a-real-one-32bytes", ("simulated-api-secret-not-a-real-one",))
_LOGIN_TAKES = timedelta(seconds=30)
_PROGRESS_SECONDS = 0.3


class Simulation:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.agenda = scenario, agenda(scenario)
        self.figures = Figures()
        self.clock = VirtualClock(self.agenda.set_up_at)
        self.world = World(scenario, self.agenda.set_up_at)
        self.rng = random.Random(f"{scenario.seed} deliveries")
        self.dynamodb = MemoryClient()
        self.invariants = InvariantChecker(self.world, self.agenda, self.clock, self.dynamodb, self.figures)
        self.dynamodb.on_change = self.invariants.see
        self.network = Network(self.world, self.agenda, self.clock, self.figures.counts)
        table = Table(self.dynamodb, "table")
        self.connections, self.snapshots, self.pages = Connections(table), Snapshots(table), RefreshPages(table)
        self.transactions, self.batches = Transactions(table), Batches(table)
        self.queue = Queue(VirtualSqs(self.clock, self.figures.counts, self._deliver), "queue")
        self.refresh_context = RefreshContext(
            clock=self.clock,
            connections=self.connections,
            pages=self.pages,
            circuits=Circuits(table),
            queue=self.queue,
            pull=self._pull_context,
            calendar=self.agenda.calendar,
            times=TIMES,
            threads=1,
            jitter=random.Random(f"{scenario.seed} jitter").randrange,
            streak=FailureStreak(),
        )
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._workers_free_at = [self.agenda.set_up_at] * scenario.own_workers

    def run(self, progress: Progress = lambda _: None) -> Figures:
        """The figures; `progress` is called with the share that is done, now and then."""
        begun = time.process_time()
        self._set_up(progress)
        self._schedule()
        told_at = time.monotonic()
        while self._coming:
            at, _, what = heapq.heappop(self._coming)
            self.clock.now = at
            what()
            if time.monotonic() - told_at > _PROGRESS_SECONDS:
                told_at = time.monotonic()
                progress(self._done(at))
        self.figures.peak = self.network.peak
        long_lived = [client for client in self.world.clients.values() if client.is_long_lived]
        self.figures.counts["long-lived accounts"] = len(long_lived)
        self.figures.counts["securities"] = sum(len(client.holdings) for client in long_lived)
        self.figures.cpu_seconds = time.process_time() - begun
        self.figures.peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return self.figures

    def _done(self, now: datetime) -> float:
        """Nearly all of the work is in the windows."""
        begun = [s.closes_at + TIMES.delay for s in self.agenda.sessions if s.closes_at + TIMES.delay < now]
        into = min(1.0, (now - begun[-1]) / TIMES.spread) - 1 if begun else 0
        return (len(begun) + into) / len(self.agenda.sessions)

    # The agenda --------------------------------------------------------------------------------

    def _set_up(self, progress: Progress) -> None:
        """Everybody has linked and imported the evening before."""
        self.network.is_faultless = True
        for client in self.world.clients.values():
            self.clock.now = self.agenda.set_up_at
            client.take_snapshot(milliseconds(self.clock.now))
            self._import_quietly(client)
        self.network.is_faultless = False
        self.figures.counts.clear()
        self.network.peak = 0
        gc.collect()
        gc.freeze()  # what lives as long as the simulation need not be looked through again
        progress(0)

    def _import_quietly(self, client: Client) -> None:
        """Without a transaction's own writes."""
        context = self._sync_context()
        connection = link_account(self._transaction(client), client.id, client.broker, context)
        import_holdings(connection, AFTER_LOGIN, context.pull)

    def _schedule(self) -> None:
        sessions = self.agenda.sessions
        for session in sessions:
            self._at(session.opens_at, lambda session=session: self.world.begin(session))  # type: ignore[misc]
            self._at(session.closes_at, lambda close=session.closes_at: self._close(close))  # type: ignore[misc]
            self._at(session.closes_at + TIMES.delay, self.invariants.open_window)
        self._at(sessions[0].closes_at + TICK / 5, self._tick)
        self._at(self.agenda.ends, self._end)

    def _close(self, close: datetime) -> None:
        self.invariants.close_window(close)
        self.dynamodb.expire(close.timestamp())

    def _end(self) -> None:
        self.invariants.close_window(self.agenda.ends)
        self._coming.clear()

    def _at(self, moment: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (moment, next(self._numbers), what))

    def _tick(self) -> None:
        """The schedules fire; now and then twice."""
        self._at(self.clock.now + TICK, self._tick)
        for _ in range(2 if self.rng.random() < self.scenario.duplicates else 1):
            with self._metered("plan"):
                context = PlanContext(
                    self.clock(), self.connections, self.pages, self.queue, self.agenda.calendar, TIMES
                )
                plan_refresh(context)
            with self._metered("flag", threads=THREADS):
                flag_stale_sessions(
                    clock=self.clock, connections=self.connections, calendar=self.agenda.calendar, threads=1
                )

    # The queue ---------------------------------------------------------------------------------

    def _deliver(self, visible_at: datetime, message: Message) -> None:
        """SQS delivers at least once."""
        for _ in range(2 if self.rng.random() < self.scenario.duplicates else 1):
            self._at(visible_at, lambda: self._receive(message))

    def _receive(self, message: Message) -> None:
        now = self.clock.now
        if self._workers_free_at[0] > now:
            self._at(self._workers_free_at[0], lambda: self._receive(message))
            return
        message.receives += 1
        self.figures.counts["queue requests"] += 2  # received, then deleted or brought forward
        with self._metered("refresh", threads=THREADS):
            try:
                results = refresh_page(parse_page(message.body), self.refresh_context)
            except DomainError:
                self._again(message)
            else:
                self.figures.counts.update({f"result {word}": number for word, number in results.items()})
                self.figures.counts["accounts looked at"] += results.total()
        heapq.heapreplace(self._workers_free_at, self.clock.now)
        self._plan_logins()

    def _again(self, message: Message) -> None:
        if message.receives >= MOST_RECEIVES:
            self.figures.broken("message lost", message.body[:80])
        else:
            self._at(self.clock.now + retry_delay(message.receives), lambda: self._receive(message))

    # The users ---------------------------------------------------------------------------------

    def _plan_logins(self) -> None:
        for client in self.invariants.newly_flagged:
            self._at(self.world.next_login(self.clock.now), lambda client=client: self._log_in(client))  # type: ignore[misc]
        self.invariants.newly_flagged.clear()

    def _log_in(self, client: Client) -> None:
        client.log_in(milliseconds(self.clock.now))
        self.figures.counts["logins"] += 1
        self.invariants.log_in(client)
        self._import(client, self._transaction(client))

    def _import(self, client: Client, transaction: Transaction, attempt: int = 1) -> None:
        """Tried again as the webhook's message would be, and as the schedule would afterwards."""
        with self._metered("import"):
            if not self._settle(client, transaction):
                later = self.clock.now + retry_delay(attempt)
                self._at(later, lambda: self._import(client, transaction, attempt + 1))

    def _settle(self, client: Client, transaction: Transaction) -> bool:
        stored = self.transactions.find(transaction.id)
        if stored is None:
            self.transactions.add(transaction)
        report = Report(transaction.id, Status.COMPLETED, account_id=client.id, broker=client.broker)
        try:
            settled = apply_gateway_report(stored or transaction, report, self._sync_context())
        except DomainError:
            return False
        if settled.result_persisted:
            # Or memory would grow with the logins.
            self.dynamodb.forget(f"TXN#{transaction.id}", "META")
            position = f"{times.to_key(transaction.created_at)}#{transaction.id}"
            self.dynamodb.forget(f"USER#{transaction.owner}", f"TXN#{position}")
        return settled.result_persisted

    def _transaction(self, client: Client) -> Transaction:
        return Transaction(
            id=f"TRX_{self.world.rng.getrandbits(128):032x}",
            owner=client.owner,
            intent=Intent.HOLDINGS_IMPORT,
            created_at=self.clock.now - _LOGIN_TAKES,
            expire_at=self.clock.now + timedelta(days=1),
            correlation_id="simulated",
        )

    def _pull_context(self) -> PullContext:
        gateway = Gateway(cast(requests.Session, self.network), "https://gateway.invalid", _KEYS)
        calendar, wait = self.agenda.calendar, self.clock.pass_in_a_thread
        return PullContext(
            self.clock(), self.connections, self.snapshots, gateway, lambda: calendar, CONFIRM_SHARE, wait
        )

    def _sync_context(self) -> SyncContext:
        pull = self._pull_context()
        return SyncContext(pull.now, self.transactions, self.connections, self.batches, pull.gateway, pull)

    # The meter ---------------------------------------------------------------------------------

    @contextmanager
    def _metered(self, what: str, *, threads: int = 1) -> Iterator[None]:
        """Add up what the invocation used; the time that its table calls and its own work take passes too."""
        table, used, begun = self.dynamodb, self.figures.used[what], self.clock.now
        reads, writes, calls = table.read_units, table.write_units, table.calls
        calls_before = self.figures.counts["upstream calls"]
        yield
        worked = CPU_SECONDS_PER_ACCOUNT * (self.figures.counts["upstream calls"] - calls_before)
        self.clock.now += timedelta(seconds=(table.calls - calls) * TABLE_CALL_SECONDS / threads + worked)
        used.invocations += 1
        used.seconds += (self.clock.now - begun).total_seconds()
        used.read_units += table.read_units - reads
        used.write_units += table.write_units - writes
        metrics.clear_metrics()
