"""An import that was begun on Thursday evening, what Gateway reports of it, and the schedule that checks it."""

from copy import replace
from datetime import timedelta
from typing import Any

from gateway_backend.domain.transactions.report import Report, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from gateway_backend.usecases.transactions.sync import apply_gateway_report, sync
from testing.market_times import MINUTE, THURSDAY_EVENING
from testing.world import World

EXPIRES = THURSDAY_EVENING + 5 * MINUTE
FOUR = dict.fromkeys(range(4), 10)
"""The holdings of an account that a user has logged in to."""


def world_with_open_import() -> World:
    """A user has begun TRX_1, and no webhook has come since."""
    world = World()
    world.begin_transaction("TRX_1")
    return world


def report(world: World, status: Status, **more: Any) -> None:
    """Gateway reports this of TRX_1 from now on."""
    world.gateway.transactions["TRX_1"] = {"status": status, **more}


def sync_import(world: World) -> Transaction:
    """TRX_1 as the app gets it when it reads it now."""
    return sync(world.transaction("TRX_1"), world.sync_context)


def apply_completion(world: World, read: Transaction | None = None) -> Transaction:
    """Another worker applies the report of the completed login, on the transaction as it has read it."""
    completed = Report("TRX_1", Status.COMPLETED, account_id="a", broker="kite")
    return apply_gateway_report(read or world.transaction("TRX_1"), completed, world.sync_context)


def reconcile(world: World, threads: int = 1) -> dict[str, int]:
    return reconcile_transactions(replace(world.reconcile_context, threads=threads))


def reconcile_for(world: World, duration: timedelta) -> list[timedelta]:
    """How long after its beginning Gateway was asked about TRX_1, with a run every minute."""
    checked = []
    until = world.now + duration
    while world.now <= until:
        before = world.calls_for("TRX_1")
        reconcile(world)
        if world.calls_for("TRX_1") > before:
            checked.append(world.now - THURSDAY_EVENING)
        world.now += MINUTE
    return checked


def to_check(world: World) -> list[str]:
    """Ids of the transactions that will be checked within a year."""
    return list(world.transactions.to_check(world.now + timedelta(days=365)))
