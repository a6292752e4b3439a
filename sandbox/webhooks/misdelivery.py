"""The ways in which a webhook can reach the partner: as it should, or wrong."""

from datetime import datetime, timedelta
from typing import Any

from sandbox import exact_json
from sandbox.clock import to_iso
from sandbox.errors import ControlError
from sandbox.settings import Settings
from sandbox.webhooks.signature import sign, unkeyed_checksum
from sandbox.webhooks.webhook import Body, WebhookMode

# More bytes than a Lambda function accepts.
HUGE = 6 * 1024 * 1024 + 1


def texts_to_send(mode: WebhookMode, body: Body, settings: Settings) -> list[str]:
    """The texts to send for a signed body, in order.

    Raises: ControlError 400 when the body does not fit the mode.
    """
    text = exact_json.dumps(body)
    match mode:
        case "normal":
            return [text]
        case "duplicate":
            return [text, text]
        case "late":
            return [exact_json.dumps(_older(body, settings.api_secret))]
        case "reordered":
            return [text, exact_json.dumps(_older(body, settings.api_secret))]
        case "forged":
            return [exact_json.dumps(body | {"checksum": unkeyed_checksum(body)})]
        case "forged_body":
            return [exact_json.dumps(_with_all_orders_filled(body))]
        case "wrong_secret":
            return [exact_json.dumps(sign(body, settings.secret))]
        case "tampered":
            return [exact_json.dumps(_with_changed_integers(body))]
        case "truncated":
            return [text[: len(text) // 2]]
        case "huge":
            return [exact_json.dumps(body | {"padding": "x" * HUGE})]


def _older(body: Body, api_secret: str) -> Body:
    """An authentic body that Gateway could have sent earlier about the same subject."""
    older: Body = {}
    if "snapshotDate" in body:
        day_before = _earlier(body["snapshotDate"], timedelta(days=1))
        older = {"snapshotDate": day_before, "lastUpdate": day_before}
        if isinstance(body["securities"], list):
            # A security is left out so that a partner which keeps the older body can be found out.
            older["securities"] = body["securities"][:-1]
    elif "batchId" in body:
        older = {
            "status": "PLACED",
            "filled": 0,
            "buyAmount": 0,
            "sellAmount": 0,
            "completedDate": None,
            "orders": [_as_placed(row) for row in body["orders"]],
        }
    sent_before = _earlier(body["timestamp"], timedelta(milliseconds=1))
    return sign(body | older | {"timestamp": sent_before}, api_secret)


def _earlier(moment: str, by: timedelta) -> str:
    try:
        return to_iso(datetime.fromisoformat(moment) - by)
    except ValueError as error:
        raise ControlError(400, f"{moment!r} is no time, so there is none before it.") from error


def _as_placed(order: Body) -> Body:
    placed = order | {"status": "PLACED", "filledQuantity": 0, "errorCode": None, "statusMessage": None}
    placed.pop("averagePrice", None)
    return placed


def _with_all_orders_filled(batch: Body) -> Body:
    """All orders filled, with ten times their quantity; the checksum stays valid, as it does not cover them."""
    if "batchId" not in batch:
        raise ControlError(400, "`forged_body` is for orders.")
    orders = [_as_complete(order) for order in batch["orders"] + batch["unplaced"]]
    changes = {"status": "COMPLETED", "filled": len(orders), "completedDate": batch["timestamp"]}
    return batch | changes | {"orders": orders, "unplaced": []}


def _as_complete(order: Body) -> Body:
    quantity = order["quantity"] * 10
    price = order.get("averagePrice", 1.5)
    changes = {"status": "COMPLETE", "quantity": quantity, "filledQuantity": quantity, "averagePrice": price}
    return order | changes | {"errorCode": None, "statusMessage": None}


def _with_changed_integers(value: Any) -> Any:
    """All integers changed; the checksum stays valid, as it does not cover them."""
    match value:
        case bool():
            return value
        case int():
            return value + 1000
        case dict():
            return {name: _with_changed_integers(member) for name, member in value.items()}
        case list():
            return [_with_changed_integers(member) for member in value]
    return value
