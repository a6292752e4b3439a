"""Write units of an import: the real store against one item per security."""

import csv
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.memory_table import MemoryClient
from bench.rows import Row
from gateway_backend.domain.holdings.snapshot import Complete, Snapshot, judge
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.exact_json import members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.orders.batches import Orders

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
    accounts = Accounts(Table(client, "table"))
    accounts.link(_ACCOUNT, "kite", _transaction(), _BEGIN)
    _units_of_recording(client, accounts, quantity=10, day=0)
    changed = _units_of_recording(client, accounts, quantity=11, day=1)
    unchanged = _units_of_recording(client, accounts, quantity=11, day=2)
    return changed, unchanged


def order_units() -> int:
    """Write units of a basket's batch from its placing to its last fill, the index Lists included."""
    client = MemoryClient()
    orders, transaction = Orders(Table(client, "table")), replace(_transaction(), account_id=_ACCOUNT, broker="kite")
    for step, filled in enumerate(STEPS):
        at = _BEGIN + timedelta(minutes=step)
        stocks = tuple(_stock(number, filled, at) for number in range(STOCKS))
        status = BatchStatus.COMPLETED if filled == SHARES else BatchStatus.PLACED
        orders.record(transaction, Batch("5ef5b24a4d6cd54b4a3a8c11", status, stocks, at, "regular", STOCKS), at)
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


def _units_of_recording(client: MemoryClient, accounts: Accounts, *, quantity: int, day: int) -> int:
    now = _BEGIN + timedelta(days=day)
    account = accounts.find(_ACCOUNT)
    if account is None:
        raise LookupError("the account was linked, yet it is not there")
    before = client.write_units
    accounts.record(account, _snapshot(quantity, now), now)
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
