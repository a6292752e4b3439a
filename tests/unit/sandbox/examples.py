"""Orders, ids and checks that several tests use."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import jwt

from tests.unit.sandbox.partner import SETTINGS, Control, Partner

AUTH_ID = "6195e288360acf9ebc060d23"
OTHER_AUTH_ID = "0" * 24
ISCID = "5f2d22636678954954f29a2d"
UNKNOWN_TRANSACTION = "TRX_00000000000000000000000000000001"
SMALLCASE_TYPES = ("INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT")
TCS: dict[str, Any] = {"ticker": "TCS", "quantity": 4, "type": "BUY"}
ITC: dict[str, Any] = {"ticker": "ITC", "quantity": 5, "type": "SELL"}
INFY: dict[str, Any] = {"ticker": "INFY", "quantity": 10, "type": "BUY"}
# A Friday at noon and after the close, in India.
NOON, EVENING = "2026-08-07T12:00:00+05:30", "2026-08-07T19:00:00+05:30"
# Longer than any test takes, and shorter than the durations that tests compare.
A_MOMENT = timedelta(minutes=1)


def account_in(token: str) -> Any:
    """The account of a token that Gateway has issued."""
    return jwt.decode(token, SETTINGS.secret, algorithms=["HS256"])["smallcaseAuthId"]


def is_authentic(body: dict[str, Any], key: str = SETTINGS.api_secret) -> bool:
    message = body["timestamp"] + (body.get("smallcaseAuthId") or body["transactionId"])
    expected = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, body["checksum"])


def between(earlier: str, later: str) -> timedelta:
    return datetime.fromisoformat(later) - datetime.fromisoformat(earlier)


def import_holdings(control: Control, partner: Partner, **scenario: Any) -> str:
    """A completed import whose webhook was dropped."""
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id, **{"webhooks": "drop"} | scenario)
    return transaction_id


def put_zerodha_account(control: Control, partner: Partner) -> str:
    """The id of a Zerodha account whose user has logged in and imported."""
    auth_id = control.put_account("ZE1234", broker="kite")
    import_holdings(control, partner, broker="kite", account="ZE1234")
    return auth_id


def complete(control: Control, partner: Partner, transaction_id: str, **scenario: Any) -> Any:
    """What the SDK resolves with."""
    resolved = control.run_scenario(transaction_id, **scenario)["resolved"]
    assert partner.details(transaction_id)["status"] == "COMPLETED"
    return resolved


def place(control: Control, partner: Partner, *securities: dict[str, Any], **scenario: Any) -> dict[str, Any]:
    """The batch of a new order, whose webhooks are dropped."""
    transaction_id = partner.new_order(*securities)
    control.run_scenario(transaction_id, **{"webhooks": "drop"} | scenario)
    return partner.batch(transaction_id)


def place_open(control: Control, partner: Partner, **scenario: Any) -> dict[str, Any]:
    """A batch with an open order of four TCS shares."""
    return place(control, partner, TCS, orders={"TCS": {"result": "open"} | scenario})


def order_of(batch: dict[str, Any], ticker: str) -> dict[str, Any]:
    return next(order for order in batch["orders"] + batch["unplaced"] if order["tradingsymbol"] == ticker)


def statuses(batch: dict[str, Any]) -> dict[str, str]:
    return {order["tradingsymbol"]: order["status"] for order in batch["orders"] + batch["unplaced"]}
