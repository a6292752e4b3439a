"""From Gateway's bytes to DynamoDB's attributes in the obvious way: json, pydantic models, boto3's TypeSerializer."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from decimal import Decimal

from boto3.dynamodb.types import TypeSerializer  # type: ignore[import-untyped]
from pydantic import BaseModel


class Leg(BaseModel):
    quantity: Decimal = Decimal(0)
    averagePrice: Decimal = Decimal(0)  # noqa: N815


class Positions(BaseModel):
    nse: Leg
    bse: Leg


class Security(BaseModel):
    holdings: Leg
    positions: Positions
    transactableQuantity: Decimal  # noqa: N815
    smallcaseQuantity: Decimal  # noqa: N815
    nseTicker: str | None  # noqa: N815
    bseTicker: str | None  # noqa: N815
    isin: str
    name: str


class Webhook(BaseModel):
    securities: list[Security]


class Order(BaseModel):
    tradingsymbol: str
    transactionType: str  # noqa: N815
    orderType: str  # noqa: N815
    status: str
    quantity: int
    filledQuantity: int  # noqa: N815
    averagePrice: Decimal  # noqa: N815
    product: str
    exchange: str
    exchangeOrderId: str  # noqa: N815


class Batch(BaseModel):
    batchId: str  # noqa: N815
    status: str
    orders: list[Order]


_serializer = TypeSerializer()


def prepare_webhook(raw: bytes) -> Callable[[], None]:
    """Verify a webhook, parse it, and encode an item per security."""

    def process() -> None:
        _sign()
        _encode(Webhook.model_validate(json.loads(raw, parse_float=Decimal)).securities)

    return process


def prepare_order(raw: bytes) -> Callable[[], None]:
    """Verify the report of an order, parse it, and encode an item per stock."""

    def process() -> None:
        _sign()
        _encode(Batch.model_validate(json.loads(raw, parse_float=Decimal)).orders)

    return process


def _sign() -> None:
    hmac.new(b"made-up", b"timestamp", hashlib.sha256).hexdigest()


def _encode(models: Sequence[BaseModel]) -> None:
    for model in models:
        {name: _serializer.serialize(value) for name, value in model.model_dump().items()}
