"""The write units of an import and of an order: the real stores against one item per security."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import cast

from bench import samples
from bench.rows import Row
from gateway_backend.domain.holdings.snapshot import Complete, Snapshot, judge
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.recorded_batch import PlacedBy, RecordedBatch, apply_report
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.exact_json import members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.usecases.connections.link import link_account
from gateway_backend.usecases.contexts import PullContext, SyncContext
from gateway_backend.usecases.holdings.import_holdings import record_snapshot
from testing.memory_table import MemoryClient

SECURITIES = 30
REFERENCE_UNITS = SECURITIES + 1
STOCKS, SHARES = 10, 10
FILLED_BY_STEP = (0, 4, 10)
CHANGED_BUDGET = 3
UNCHANGED_BUDGET = 1

_ACCOUNT = "64a1f0c2d3e4b5a697887766"
_START = datetime(2026, 8, 3, 10, 30, tzinfo=UTC)


def rows() -> Iterable[Row]:
    reference_name = "one item per security"
    changed, unchanged = import_units()
    for kind, units, budget in (("changed", changed, CHANGED_BUDGET), ("unchanged", unchanged, UNCHANGED_BUDGET)):
        name = f"import of {SECURITIES} securities, {kind}"
        yield Row(name, units, REFERENCE_UNITS, "write units", reference_name, budget / REFERENCE_UNITS)
    steps = len(FILLED_BY_STEP)
    name = f"basket of {STOCKS} stocks, {steps} steps to its end"
    yield Row(name, order_units(), STOCKS * steps, "write units", "one item per stock, written at each step")


def import_units() -> tuple[int, int]:
    """Return the write units of a changed portfolio and of an unchanged one, for a linked account.

    They are those of the snapshot and the status, without the writes of the transaction or the webhook itself.
    """
    client = MemoryClient()
    context = _context(client)
    link_account(_transaction(), _ACCOUNT, "kite", context)
    _record(client, context, quantity=10, day=0)
    changed = _record(client, context, quantity=11, day=1)
    unchanged = _record(client, context, quantity=11, day=2)
    return changed, unchanged


def order_units() -> int:
    """Return the write units of a basket's batch from its placing to its last fill, with those of the index Lists."""
    client = MemoryClient()
    batches, transaction = Batches(Table(client, "table")), _transaction()
    placed_by = PlacedBy(transaction.id, transaction.owner, _ACCOUNT, "kite", name=None)
    recorded: RecordedBatch | None = None
    for step_number, filled in enumerate(FILLED_BY_STEP):
        at = _START + timedelta(minutes=step_number)
        stocks = tuple(_stock(number, filled, at) for number in range(STOCKS))
        status = BatchStatus.COMPLETED if filled == SHARES else BatchStatus.PLACED
        report = Batch("5ef5b24a4d6cd54b4a3a8c11", status, stocks, at, "regular", STOCKS)
        decide = partial(apply_report, report=report, placed_by=placed_by, now=at)
        if step := decide(recorded):
            recorded = batches.record(step, decide, transaction.created_at)
    return client.write_units


def _stock(number: int, filled: int, at: datetime) -> Order:
    status = OrderStatus.COMPLETE if filled == SHARES else OrderStatus.PLACED
    price = Decimal("1320.319") + number
    return Order(
        f"TICKER{number}",
        "BUY",
        status,
        at,
        SHARES,
        filled,
        price,
        "MARKET",
        "CNC",
        "NSE",
        f"13257981580513{number:02}",
    )


def _transaction() -> Transaction:
    return Transaction(
        id="TRX_0001",
        owner="auth0|64a1f0c2d3e4b5a697887766",
        intent=Intent.HOLDINGS_IMPORT,
        created_at=_START,
        expire_at=_START + timedelta(hours=24),
        correlation_id="bench",
    )


def _context(client: MemoryClient) -> SyncContext:
    """Build the context of a sync that never calls Gateway."""
    table, gateway = Table(client, "table"), cast(Gateway, None)
    connections = Connections(table)
    pull = PullContext(
        _START, connections, Snapshots(table), gateway, nse_calendar, Decimal("0.5"), wait=lambda _seconds: None
    )
    return SyncContext(_START, Transactions(table), connections, Batches(table), gateway, pull)


def _record(client: MemoryClient, context: SyncContext, *, quantity: int, day: int) -> int:
    """Record a snapshot and return its write units."""
    now, before = _START + timedelta(days=day), client.write_units
    connection = context.connections.owned(_ACCOUNT, _transaction().owner)
    pull = context.pull._replace(now=now)
    record_snapshot(connection, _snapshot(quantity, now), pull, lapsed=False, ends_session=True)
    return client.write_units - before


def _snapshot(quantity: int, now: datetime) -> Snapshot:
    data = {
        "snapshotDate": times.to_text(now),
        "lastUpdate": times.to_text(now),
        **samples.portfolio(SECURITIES, quantity=quantity),
    }
    outcome = judge(members(json.dumps(data)), _ACCOUNT, now)
    if not isinstance(outcome, Complete):
        raise TypeError(f"a complete portfolio was judged {outcome}")
    return outcome.snapshot
