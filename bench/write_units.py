"""Write units of an import: the real store against one item per security."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.memory_table import MemoryClient
from bench.rows import Row
from gateway_backend.domain import times
from gateway_backend.domain.exact_json import members
from gateway_backend.domain.intents import Intent
from gateway_backend.domain.snapshots import Complete, Snapshot, judge
from gateway_backend.domain.transactions import Transaction
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.table import Table

SECURITIES = 30
REFERENCE_UNITS = SECURITIES + 1
CHANGED_BUDGET = 3
UNCHANGED_BUDGET = 1

_MARKET = Path(__file__).resolve().parent.parent / "sandbox" / "data" / "securities.csv"
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
    """Contract §4.2, with real securities so that it compresses as real ones do."""
    with _MARKET.open(encoding="utf-8", newline="") as file:
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
