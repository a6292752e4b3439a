"""What Gateway sends, from its bytes to DynamoDB's attributes: our way against the obvious one, in instructions.

Both sides run the work a number of times; the same program that runs it not at all is taken off.
"""

import csv
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import cold_start, instructions
from bench.built import LAMBDA_GIVES, BuiltApp
from bench.rows import Row
from bench.write_units import MARKET

SECURITIES, STOCKS = 30, 10
WEBHOOK_BUDGET = 0.30
_ROUNDS = 40
_AGAINST = "json, Decimal, pydantic, boto3's TypeSerializer, an item each"

_OUR_WEBHOOK = """
import zlib
from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.gateway.checksums import is_authentic
from gateway_backend.store.dynamodb.codec import encode
def once():
    envelope = WebhookEnvelope.parse(RAW)
    is_authentic(envelope.signed_text, "0" * 64, ("made-up",))
    encode({"pk": "r", "sk": envelope.body_hash, "kind": envelope.kind, "blob": zlib.compress(RAW, 6)})
"""
_OUR_ORDER = """
from datetime import UTC, datetime
from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.domain.shared.exact_json import loads
from gateway_backend.domain.orders.batch import RecordedBatch
from gateway_backend.store.dynamodb.codec import encode
from gateway_backend.store.orders.batches import batch_item
now = datetime(2026, 8, 3, tzinfo=UTC)
(known,) = parse_batches(loads(RAW), now)
def once():
    (news,) = parse_batches(loads(RAW), now)
    encode(batch_item(RecordedBatch(known.merge(news), "TRX_1", "user", "account", "kite", None, now, now, 2)))
"""
_NAIVE = """
import hashlib, hmac, json
from decimal import Decimal
from boto3.dynamodb.types import TypeSerializer
from pydantic import BaseModel
class Leg(BaseModel):
    quantity: Decimal = Decimal(0)
    averagePrice: Decimal = Decimal(0)
class Positions(BaseModel):
    nse: Leg
    bse: Leg
class Security(BaseModel):
    holdings: Leg
    positions: Positions
    transactableQuantity: Decimal
    smallcaseQuantity: Decimal
    nseTicker: str | None
    bseTicker: str | None
    isin: str
    name: str
class Webhook(BaseModel):
    securities: list[Security]
class Order(BaseModel):
    tradingsymbol: str
    transactionType: str
    orderType: str
    status: str
    quantity: int
    filledQuantity: int
    averagePrice: Decimal
    product: str
    exchange: str
    exchangeOrderId: str
class Batch(BaseModel):
    batchId: str
    status: str
    orders: list[Order]
serializer = TypeSerializer()
def items(rows):
    for row in rows:
        {name: serializer.serialize(value) for name, value in row.model_dump().items()}
def once():
    hmac.new(b"made-up", b"timestamp", hashlib.sha256).hexdigest()
    items(READ)
"""
_NAIVE_WEBHOOK = _NAIVE.replace("READ", "Webhook.model_validate(json.loads(RAW, parse_float=Decimal)).securities")
_NAIVE_ORDER = _NAIVE.replace("READ", "Batch.model_validate(json.loads(RAW, parse_float=Decimal)).orders")


def rows(app: BuiltApp) -> Iterable[Row]:
    """Raises: MeasurementError."""
    (ours,) = (app.python_path(function) for function in app.functions if function.name == "ApplyWebhook")
    theirs = cold_start.INSTALLED
    webhook, order = json.dumps(_holdings()), json.dumps(_order())
    work = (
        (_OUR_WEBHOOK, webhook, ours),
        (_NAIVE_WEBHOOK, webhook, theirs),
        (_OUR_ORDER, order, ours),
        (_NAIVE_ORDER, order, theirs),
    )
    with ThreadPoolExecutor() as pool:
        webhook_ours, webhook_naive, order_ours, order_naive = pool.map(lambda each: _of_once(*each), work)
    what = f"webhook of {SECURITIES} securities: verify, parse, encode"
    yield Row(what, webhook_ours, webhook_naive, "k instructions", _AGAINST, WEBHOOK_BUDGET)
    what = f"order of {STOCKS} stocks: parse, merge, encode"
    yield Row(what, order_ours, order_naive, "k instructions", _AGAINST)


def _of_once(code: str, raw: str, python_path: str) -> float:
    """Thousands of instructions of doing it once, warm."""

    def of(rounds: int) -> float:
        program = f"RAW = {raw.encode()!r}\n{code}\nonce()\nfor _ in range({rounds}): once()"
        return instructions.count(program, python_path=python_path, environment=LAMBDA_GIVES)

    return (of(_ROUNDS) - of(0)) / _ROUNDS * 1000


def _listed(count: int) -> list[dict[str, str]]:
    with MARKET.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:count]


def _holdings() -> dict[str, Any]:
    """Contract 3.5."""
    nothing = {"quantity": 0, "averagePrice": 0}
    securities = [
        {
            "holdings": {"quantity": 10 + number, "averagePrice": round(float(row["price"]) * 0.9137, 4)},
            "positions": {"nse": nothing, "bse": nothing},
            "transactableQuantity": 10 + number,
            "smallcaseQuantity": 0,
            "nseTicker": row["nse_ticker"],
            "bseTicker": row["nse_ticker"],
            "isin": row["isin"],
            "name": row["name"],
        }
        for number, row in enumerate(_listed(SECURITIES))
    ]
    return {"securities": securities, "smallcases": {"public": []}, "snapshotDate": _AT} | _ENVELOPE


def _order() -> dict[str, Any]:
    """Contract 3.4."""
    orders = [
        {
            "tradingsymbol": row["nse_ticker"],
            "transactionType": "BUY",
            "orderType": "MARKET",
            "status": "COMPLETE",
            "quantity": 10,
            "filledQuantity": 10,
            "averagePrice": float(row["price"]),
            "product": "CNC",
            "exchange": "NSE",
            "exchangeOrderId": f"10000000102419{number:02}",
        }
        for number, row in enumerate(_listed(STOCKS))
    ]
    return {"batchId": "5ef5b24a4d6cd54b4a3a8c11", "status": "COMPLETED", "orders": orders, "unplaced": []} | _ENVELOPE


_AT = "2026-08-03T10:30:00.000Z"
_ENVELOPE = {
    "broker": "kite",
    "transactionId": "TRX_652377470a134a80ac6c56d19ef3416c",
    "smallcaseAuthId": "6195e288360acf9ebc060d23",
    "timestamp": _AT,
    "checksum": "0" * 64,
}
