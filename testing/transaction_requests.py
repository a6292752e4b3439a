"""Bodies of `POST /v1/transactions`: how they are parsed or refused, and what Gateway gets for them."""

import json
from copy import replace
from typing import Any

import pytest

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.request import TransactionRequest
from gateway_backend.domain.orders.request import OrderRequest, OrderRules
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import RequestInvalid
from ops.api_reference.any_transaction_request import CreateTransactionRequest

ACCOUNT = "6195e288360acf9ebc060d23"
ISCID, SCID = "5d94bc5b3a2c2f1d0a7e6b31", "SCNM_0003"
RULES = OrderRules(50, 100_000, {}, frozenset({"meta"}))
LIMIT_NAMES = {"orderType": "orderType", "validity": "validity", "price": "limitPrice", "triggerPrice": "stopPrice"}
LIMIT_RULES = replace(RULES, limit_fields=LIMIT_NAMES)
BUY = {"ticker": "RELIANCE", "quantity": 10, "type": "BUY"}
SELL = {"ticker": "M&M", "quantity": 2, "type": "SELL"}


def request(body: dict[str, Any]) -> TransactionRequest:
    parsed: TransactionRequest = parse_body(CreateTransactionRequest, json.dumps(body).encode()).root
    return parsed


def sent(body: dict[str, Any], rules: OrderRules = RULES) -> Any:
    """What Gateway gets, as it reads it."""
    return exact_json.loads(exact_json.dumps(request(body).to_gateway(rules)))


def refusal(body: dict[str, Any]) -> str:
    """The detail of the error; that the body is accepted is a failure of the test."""
    with pytest.raises(RequestInvalid) as refused:
        request(body)
    return refused.value.detail


def basket(*securities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A securities order; `more` belongs to orderConfig."""
    return {
        "intent": "TRANSACTION",
        "orderConfig": {"type": "SECURITIES", "securities": list(securities)} | more,
    }


def basket_of_reliance(**members: Any) -> dict[str, Any]:
    """A securities order of a single stock, with those members."""
    return basket({"ticker": "RELIANCE"} | members)


def order_of(body: dict[str, Any]) -> OrderRequest:
    order = request(body).order
    assert order is not None
    return order
