"""A user of whom there is something of every kind in the table."""

from gateway_backend.contracts.connections.account_opening import AccountOpeningRequest
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.connections.start_account_opening import start_account_opening
from testing.gateway import KEYS
from testing.market_times import MINUTE
from testing.webhook_bodies import order, statement
from testing.world import World

RECORDS = {"USER CONSENT", "USER ERASURE", "ACCOUNT ERASED"}
"""The kinds of items that stay of a user: what they consented to, and that it was erased."""


def leave_traces(world: World, user: str = "user-1") -> None:
    """An imported account `a` with a history, an order in it, one that was never finished, and a fund statement.

    Each came with its webhook; one webhook's claim is not true. An account opening was begun, too.
    """
    world.link("a")
    world.now += MINUTE
    world.set_holdings("a", 1, 2, 3)
    world.pull("a")
    placed = world.begin_order("TRX_1", user, account_id="a", note="mine")
    world.report_order("TRX_1", "a", Status.PROCESSING)
    batch = Batch(
        "batch-1", BatchStatus.PLACED, (Order("AXISBANK", "BUY", OrderStatus.PLACED, world.now, 10),), world.now
    )
    world.record_batch(placed, batch, world.now)
    world.receive_webhook(order("COMPLETED"))
    world.now += MINUTE
    world.apply_receipt(world.receive_webhook({"smallcaseAuthId": "a", "lienStatus": "CREATED"}))
    world.begin_order("TRX_2", user, note="never finished")
    world.begin_transaction("TRX_3", user, Intent.MF_HOLDINGS_IMPORT)
    world.gateway.transactions["TRX_3"] = {"status": Status.PROCESSING}
    world.apply_receipt(world.receive_webhook(statement("TRX_3")))
    start_account_opening(
        AccountOpeningRequest(),
        user=user,
        idempotency_key="opening-1",
        attempt="attempt-1",
        now=world.now,
        keys=world.keys,
        openings=world.account_openings,
        secret=KEYS.secret,
    )
    world.now += MINUTE


def kinds_of(world: World, *names: str) -> set[str]:
    """The kinds of the stored items in which any of these names appears."""
    return {
        f"{item['pk']['S'].partition('#')[0]} {item['sk']['S'].partition('#')[0]}"
        for item in world.memory.items()
        if any(name in str(item) for name in names)
    }
