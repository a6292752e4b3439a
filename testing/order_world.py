"""Steps around an order, for tests of what becomes of it: what Gateway reports, and what is recorded."""

from datetime import timedelta
from typing import Any

from gateway_backend.domain.connections.freshness import Reason, State
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from gateway_backend.usecases.transactions.sync import sync_if_open
from testing.contexts import CALENDAR
from testing.market_times import FRIDAY_NOON, MINUTE
from testing.world import World

ACCOUNT, ISCID, SCID = "account-1", "5d94bc5b3a2c2f1d0a7e6b31", "SCNM_0003"
ORDER_PENDING = {"value": True, "code": 4006, "message": "order_pending"}


def stock(status: str = "PLACED", filled: int = 0, ticker: str = "AXISBANK", **more: Any) -> dict[str, Any]:
    order = {"tradingsymbol": ticker, "transactionType": "BUY", "status": status, "quantity": 10}
    return order | {"filledQuantity": filled, "averagePrice": 420.1 if status == "COMPLETE" else None} | more


def batch(status: str = "PLACED", *stocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"batchId": "batch-1", "status": status, "quantity": 1, "orders": list(stocks or [stock()])} | more


PLACED, PART = batch(), batch("PLACED", stock(filled=4))
COMPLETED = batch("COMPLETED", stock("COMPLETE", 10), buyAmount=4201, sellAmount=0)
REJECTED = batch("UNFILLED", stock("REJECTED", errorCode="marginsExceeded", statusMessage="RMS: XQ1234"))


def with_account(broker: str) -> World:
    """On Friday at noon a user with a linked account has begun an order; its holdings are of that morning."""
    world = World()
    world.now = FRIDAY_NOON
    world.link(ACCOUNT, broker=broker)
    world.begin_order("TRX_1")
    return world


def pull(world: World, transaction_id: str = "TRX_1", after: timedelta = MINUTE) -> Transaction:
    """The app reads it, a little later."""
    world.now += after
    return sync_if_open(world.transactions.owned(transaction_id, "user-1"), world.sync_context)


def recorded_batch(world: World, transaction_id: str = "TRX_1") -> RecordedBatch:
    (found,) = world.batches.of(transaction_id)
    return found


def state(world: World, transaction_id: str = "TRX_1") -> tuple[str, int, int]:
    """The batch's status, the shares filled, and how many steps that took."""
    found = recorded_batch(world, transaction_id)
    return found.batch.status.value, found.batch.shares_filled, found.revision


def freshness(world: World) -> tuple[State, Reason, Action]:
    verdict = world.connection(ACCOUNT).verdict(world.now, CALENDAR)
    return verdict.state, verdict.reason, verdict.action


FRESH = (State.FRESH, Reason.UP_TO_DATE, Action.NONE)
DUE_FOR_LOGIN = (State.DUE, Reason.TRADED_SINCE, Action.RECONNECT)
DUE = (State.DUE, Reason.TRADED_SINCE, Action.REFRESH)


def order_webhook(order: dict[str, Any], transaction_id: str = "TRX_1", account: str = ACCOUNT) -> dict[str, Any]:
    return order | {"transactionId": transaction_id, "smallcaseAuthId": account, "broker": "groww", "unplaced": []}


def schedule(world: World) -> None:
    reconcile_transactions(world.reconcile_context)  # fmt: skip


def schedule_for(world: World, duration: timedelta) -> None:
    until = world.now + duration
    while world.now < until:
        world.now += 30 * MINUTE
        schedule(world)
