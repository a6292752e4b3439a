"""Write units of an import: the real store against one item per security."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

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
STOCKS, SHARES, STEPS = 10, 10, (0, 4, 10)
CHANGED_BUDGET = 3
UNCHANGED_BUDGET = 1

MARKET = Path(__file__).resolve().parent.parent / "sandbox" / "data" / "securities.csv"
_ACCOUNT = "64a1f0c2d3e4b5a697887766"
_BEGIN = datetime(2026, 8, 3, 10, 30, tzinfo=UTC)


def rows() -> Iterable[Row]:
    against = "one item per security"
    changed, unchanged = import_units()
    for what, units, budget in (
        ("changed", changed, CHANGED_BUDGET),
        ("unchanged", unchanged, UNCHANGED_BUDGET),
    ):
        what = f"import of {SECURITIES} securities, {what}"
        yield Row(what, units, REFERENCE_UNITS, "write units", against, budget / REFERENCE_UNITS)
    what = f"basket of {STOCKS} stocks, {len(STEPS)} steps to its end"
    yield Row(what, order_units(), STOCKS * len(STEPS), "write units", "one item per stock, written at each step")


def import_units() -> tuple[int, int]:
    """Write units of recording a changed and then an unchanged portfolio of a linked account.

    Snapshot and status only, without what a transaction or a webhook writes about itself.
    """
    client = MemoryClient()
    context = _context(client)
    link_account(_transaction(), _ACCOUNT, "kite", context)
    _units_of_recording(client, context, quantity=10, day=0)
    changed = _units_of_recording(client, context, quantity=11, day=1)
    unchanged = _units_of_recording(client, context, quantity=11, day=2)
    return changed, unchanged


def order_units() -> int:
    """Write units of a basket's batch from its placing to its last fill, the index Lists included."""
    client = MemoryClient()
    batches, transaction = Batches(Table(client, "table")), _transaction()
    placed_by = PlacedBy(transaction.id, transaction.owner, _ACCOUNT, "kite", name=None)
    recorded: RecordedBatch | None = None
    for number, filled in enumerate(STEPS):
        at = _BEGIN + timedelta(minutes=number)
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
        created_at=_BEGIN,
        expire_at=_BEGIN + timedelta(hours=24),
        correlation_id="bench",
    )


def _context(client: MemoryClient) -> SyncContext:
    """Where nothing asks Gateway."""
    table, gateway = Table(client, "table"), cast(Gateway, None)
    connections = Connections(table)
    pull = PullContext(
        _BEGIN, connections, Snapshots(table), gateway, nse_calendar(""), Decimal("0.5"), wait=lambda _seconds: None
    )
    return SyncContext(_BEGIN, Transactions(table), connections, Batches(table), gateway, pull)


def _units_of_recording(client: MemoryClient, context: SyncContext, *, quantity: int, day: int) -> int:
    now, before = _BEGIN + timedelta(days=day), client.write_units
    connection = context.connections.owned(_ACCOUNT, _transaction().owner)
    record_snapshot(connection, _snapshot(quantity, now), context.pull._replace(now=now), lapsed=False)
    return client.write_units - before


def _snapshot(quantity: int, now: datetime) -> Snapshot:
    data = {"snapshotDate": times.to_text(now), "lastUpdate": times.to_text(now), **_portfolio(quantity)}
    outcome = judge(members(json.dumps(data)), _ACCOUNT, now)
    if not isinstance(outcome, Complete):
        raise TypeError(f"a whole portfolio was judged {outcome}")
    return outcome.snapshot


def _portfolio(quantity: int) -> dict[str, Any]:
    """Contract 4.2, with real securities so that it compresses as real ones do."""
    with MARKET.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))[:SECURITIES]
    nothing = {"quantity": 0, "averagePrice": 0}
    securities = [
        {
            "holdings": {
                "quantity": quantity + number**2,
                "averagePrice": round(float(security["price"]) * 0.9137, 4),
            },
            "positions": {"nse": nothing, "bse": nothing},
            "transactableQuantity": quantity + number**2,
            "smallcaseQuantity": 0,
            "nseTicker": security["nse_ticker"],
            "bseTicker": security["nse_ticker"],
            "isin": security["isin"],
            "name": security["name"],
        }
        for number, security in enumerate(listed)
    ]
    return {"smallcases": {"public": [], "private": {"stats": {}}}, "securities": securities}
