"""Whatever becomes of orders, and of what is reported of them, each ends for us where it ended at the exchange.

An exchange fills, rejects and cancels; webhooks come in any order, twice, forged or never; Gateway answers or does not;
workers die between two writes and overtake each other. After each step what we have stored is something that the
exchange did report, and never something earlier than before; and every step was published once, in order.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway_backend.contracts.events.details import OrderUpdated
from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.merge import differs
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import GatewayRefused, GatewayUnavailable, NotYet
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.webhooks.receipt import ReceiptKey
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from gateway_backend.usecases.transactions.sync import sync_if_open
from testing.fakes import BATCH_WRITES, Crash
from testing.gateway import orders_of
from testing.market_times import FRIDAY_NOON, SECOND
from testing.world import World

ACCOUNT = "account-1"
PICK = st.integers(0, 9)
"""One of however many there are."""

ATTEMPTS = st.integers(1, 3)
CRASHES = st.integers(0, 5)
FORGERIES = st.fixed_dictionaries(
    {}, optional={"status": st.sampled_from(["COMPLETED", "PLACED", "CANCELLED"]), "buyAmount": st.just(1)}
)


@dataclass
class Exchange:
    """One batch of an order, and everything that was ever true of it."""

    number: int
    quantities: list[int]
    filled: list[int] = field(default_factory=list)
    ended: list[str | None] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.filled, self.ended = [0] * len(self.quantities), [None] * len(self.quantities)
        self.note()

    @property
    def id(self) -> str:
        return f"TRX_{self.number}"

    @property
    def is_over(self) -> bool:
        return None not in self.ended

    def fill(self, at: int, shares: int) -> None:
        at %= len(self.quantities)
        if self.ended[at] is None:
            self.filled[at] = min(self.quantities[at], self.filled[at] + shares)
            self.ended[at] = "COMPLETE" if self.filled[at] == self.quantities[at] else None
            self.note()

    def end(self, at: int, status: str) -> None:
        at %= len(self.quantities)
        if self.ended[at] is None:
            self.ended[at] = status
            self.note()

    def note(self) -> None:
        done = self.ended.count("COMPLETE")
        over = "COMPLETED" if done == len(self.ended) else "PARTIALLYFILLED" if done else "UNFILLED"
        self.reports.append(
            {
                "batchId": f"batch-{self.number}",
                "status": over if self.is_over else "PLACED",
                "quantity": len(self.ended),
                "filled": done,
                "buyAmount": 100 * sum(self.filled) if self.is_over else None,
                "orders": [self._stock(at) for at in range(len(self.ended))],
            }
        )

    def _stock(self, at: int) -> dict[str, Any]:
        status = self.ended[at] or "PLACED"
        return {
            # Two of one ticker: only their place tells them apart.
            "tradingsymbol": ["AXISBANK", "M&M", "M&M"][at],
            "transactionType": "BUY",
            "status": status,
            "quantity": self.quantities[at],
            "filledQuantity": self.filled[at],
            "averagePrice": 100 if status == "COMPLETE" else None,
            "errorCode": "marginsExceeded" if status == "REJECTED" else None,
        }


class OrderLifecycles(RuleBasedStateMachine):
    @initialize(broker=st.sampled_from(["kite", "groww"]))
    def a_linked_account(self, broker: str) -> None:
        self.world = World()
        self.world.now = FRIDAY_NOON
        self.world.link(ACCOUNT, broker=broker)
        self.events = self.world.record_events()
        self.exchanges: list[Exchange] = []
        self.seen: dict[str, int] = {}
        self.arrived: list[ReceiptKey] = []
        self.moments = count()

    # What users and the exchange do ------------------------------------------------------------

    @precondition(lambda self: len(self.exchanges) < 3)
    @rule(quantities=st.lists(st.integers(1, 5), min_size=1, max_size=3))
    def place(self, quantities: list[int]) -> None:
        exchange = Exchange(len(self.exchanges), quantities)
        self.world.begin_order(exchange.id)
        self.exchanges.append(exchange)
        self.publish(exchange)

    @rule(pick=PICK, at=PICK, shares=st.integers(1, 5))
    def fill(self, pick: int, at: int, shares: int) -> None:
        for exchange in self.picked(pick):
            exchange.fill(at, shares)
            self.publish(exchange)

    @rule(pick=PICK, at=PICK, status=st.sampled_from(["REJECTED", "CANCELLED", "ERROR"]))
    def end(self, pick: int, at: int, status: str) -> None:
        for exchange in self.picked(pick):
            exchange.end(at, status)
            self.publish(exchange)

    @rule(pick=PICK)
    def sdk_gives_up_waiting(self, pick: int) -> None:
        for exchange in self.picked(pick):
            pending = {"value": True, "code": 4006, "message": "order_pending"}
            self.world.gateway.transactions[exchange.id] |= {"status": "ERRORED", "error": pending}

    @rule(minutes=st.integers(1, 120))
    def wait(self, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)

    # What reaches us ---------------------------------------------------------------------------

    @rule(pick=PICK, back=PICK)
    def webhook_arrives(self, pick: int, back: int) -> None:
        """Of the last thing that happened, or of something long ago."""
        for exchange in self.picked(pick):
            self.receive_webhook(exchange, exchange.reports[-1 - back % len(exchange.reports)])

    @rule(pick=PICK, changes=FORGERIES, more=st.integers(0, 5))
    def forged_webhook_arrives(self, pick: int, changes: dict[str, Any], more: int) -> None:
        """Its checksum is valid: that does not cover what it says."""
        for exchange in self.picked(pick):
            truth = exchange.reports[-1]
            orders = [
                order | {"filledQuantity": order["filledQuantity"] + more, "status": "COMPLETE"}
                for order in truth["orders"]
            ]
            self.receive_webhook(exchange, truth | {"orders": orders} | changes)

    @rule(pick=PICK, attempt=ATTEMPTS)
    def webhook_is_worked_on(self, pick: int, attempt: int) -> None:
        if self.arrived:
            self._later()
            with suppress(NotYet, GatewayUnavailable, GatewayRefused):
                self.world.apply_receipt(self.arrived[pick % len(self.arrived)], attempt)

    @rule(pick=PICK)
    def app_reads(self, pick: int) -> None:
        for exchange in self.picked(pick):
            sync_if_open(self.world.transactions.owned(exchange.id, "user-1"), self.world.sync_context)

    @rule()
    def schedule_runs(self) -> None:
        self._later()
        reconcile_transactions(self.world.reconcile_context)

    # Trouble -----------------------------------------------------------------------------------

    @rule(pick=PICK, nth_write=CRASHES)
    def worker_dies(self, pick: int, nth_write: int) -> None:
        left = nth_write

        def crash(operation: str, _request: dict[str, Any]) -> None:
            nonlocal left
            left -= operation not in ("get_item", "query")
            if left < 0:
                raise Crash

        self.world.client.before_call = crash
        with suppress(Crash):
            self.app_reads(pick)
        self.world.client.before_call = lambda _operation, _request: None

    @rule(pick=PICK, at=PICK, shares=st.integers(1, 5))
    def worker_is_overtaken(self, pick: int, at: int, shares: int) -> None:
        """The exchange fills more and another worker stores that, before the first one writes what it has fetched."""

        def meanwhile(operation: str, _request: dict[str, Any]) -> None:
            if operation in BATCH_WRITES:
                self.world.client.before_call = lambda _operation, _request: None
                self.fill(pick, at, shares)
                self.app_reads(pick)

        self.world.client.before_call = meanwhile
        self.app_reads(pick)
        self.world.client.before_call = lambda _operation, _request: None

    @rule(pick=PICK, of_orders=st.booleans(), fault=st.sampled_from(["500", "timeout", "400", "403", "garbage"]))
    def gateway_fails_once(self, pick: int, of_orders: bool, fault: str) -> None:
        for exchange in self.picked(pick):
            self.world.fail_next(orders_of(exchange.id) if of_orders else exchange.id, fault)

    # What must hold ----------------------------------------------------------------------------

    @invariant()
    def what_is_stored_was_said_by_the_exchange_and_never_goes_back(self) -> None:
        for exchange in self.exchanges:
            for recorded in self.world.batches.of(exchange.id):
                at = self._when(exchange, recorded.batch)
                assert at >= self.seen.get(exchange.id, 0), "a step back"
                self.seen[exchange.id] = at

    @invariant()
    def each_step_was_told_once_and_in_order(self) -> None:
        for exchange in self.exchanges:
            steps = [e for e in self.events if isinstance(e, OrderUpdated) and e.transaction_id == exchange.id]
            assert [step.revision for step in steps] == list(range(1, len(steps) + 1))
            for recorded in self.world.batches.of(exchange.id):
                assert (steps[-1].revision, steps[-1].status) == (recorded.revision, recorded.batch.status)
                assert len(steps) <= len(exchange.reports)

    @invariant()
    def no_fill_is_known_while_the_holdings_pass_for_current(self) -> None:
        filled = any(recorded.batch.shares_filled for exchange in self.exchanges for recorded in self._stored(exchange))
        assert not filled or self.world.connection(ACCOUNT).traded_at is not None

    def teardown(self) -> None:
        """With nothing lost on the way any more, two rounds of the schedule are enough."""
        if not hasattr(self, "world"):
            return
        self.world.gateway.faults.clear()
        for _ in range(2):
            self.world.now += timedelta(hours=7)
            self.schedule_runs()
        for exchange in self.exchanges:
            (recorded,) = self._stored(exchange)
            assert self._when(exchange, recorded.batch) == len(exchange.reports) - 1
            assert recorded.batch.is_final is exchange.is_over
            assert self.world.transactions.owned(exchange.id, "user-1").is_settled is exchange.is_over
        self.each_step_was_told_once_and_in_order()

    # Helpers -----------------------------------------------------------------------------------

    def picked(self, pick: int) -> list[Exchange]:
        self._later()
        return [self.exchanges[pick % len(self.exchanges)]] if self.exchanges else []

    def publish(self, exchange: Exchange) -> None:
        """Gateway knows it from now on."""
        status = Status.COMPLETED if exchange.is_over else Status.PROCESSING
        error = self.world.gateway.transactions[exchange.id].get("error")
        self.world.report_order(
            exchange.id, ACCOUNT, Status.ERRORED if error else status, exchange.reports[-1], error=error
        )

    def receive_webhook(self, exchange: Exchange, report: dict[str, Any]) -> None:
        signed_at = times.to_text(self.world.now + timedelta(milliseconds=next(self.moments)))
        about = {"transactionId": exchange.id, "smallcaseAuthId": ACCOUNT, "timestamp": signed_at}
        self.arrived.append(self.world.receive_webhook(report | about))

    def _stored(self, exchange: Exchange) -> list[RecordedBatch]:
        return self.world.batches.of(exchange.id)

    def _when(self, exchange: Exchange, stored: Batch) -> int:
        """Which of the exchange's reports is stored."""
        for at, report in enumerate(exchange.reports):
            (batch,) = parse_batches(report, self.world.now).batches
            if not differs(stored, batch):
                return at
        raise AssertionError(f"the exchange never reported {stored}")

    def _later(self) -> None:
        self.world.now += 3 * SECOND


TestOrderLifecycles = OrderLifecycles.TestCase
TestOrderLifecycles.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
