"""Bodies of webhooks, each without the signature that `World.receive_webhook` adds, and what became of a receipt."""

from typing import Any

import pytest

from gateway_backend.domain.shared import times
from gateway_backend.domain.webhooks.receipt import ReceiptKey
from testing.world import World

ISCID = "5d94bc5b3a2c2f1d0a7e6b31"
BOUGHT = {"tradingsymbol": "AXISBANK", "transactionType": "BUY", "status": "PLACED", "quantity": 10}


def holdings(world: World, transaction_id: str = "TRX_1", account_id: str = "a", **more: Any) -> dict[str, Any]:
    """Of a snapshot that was taken now; its portfolio is empty, and nobody reads it."""
    about = {"transactionId": transaction_id, "smallcaseAuthId": account_id, "broker": "kite"}
    return about | {"snapshotDate": times.to_text(world.now), "securities": []} | more


def batch(status: str = "PLACED", *orders: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"batchId": "batch-1", "status": status, "orders": list(orders) or [BOUGHT]} | more


def order(status: str = "PLACED", *orders: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Of a batch of TRX_1 in account a."""
    return {"transactionId": "TRX_1", "smallcaseAuthId": "a", "broker": "kite"} | batch(status, *orders, **more)


def statement(transaction_id: str = "TRX_1", **data: Any) -> dict[str, Any]:
    """Of mutual funds."""
    return {"transactionId": transaction_id, "intent": "MF_HOLDINGS_IMPORT", "data": data or {"units": 12}}


def pending_action(iscid: Any = ISCID, account_id: str = "a") -> dict[str, Any]:
    return {"smallcaseAuthId": account_id, "iscid": iscid, "action": "REBALANCE"}


def has_body(world: World, key: ReceiptKey) -> bool:
    """Whether the receipt's body is still kept."""
    try:
        world.receipts.body(key)
    except LookupError:
        return False
    return True


def pending_after(world: World, key: ReceiptKey, error: type[Exception], attempt: int = 1) -> bool:
    """Whether the receipt has no verdict and keeps its body after an attempt that raises this."""
    with pytest.raises(error):
        world.apply_receipt(key, attempt)
    return world.receipt(key).is_pending and has_body(world, key)
