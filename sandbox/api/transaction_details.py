"""The transaction object that partners and the control API read (contract 2.5)."""

import hashlib
from typing import Any

from sandbox.services import Services
from sandbox.transactions import Transaction

Json = dict[str, Any]

# The statuses that the SDK treats as success if there is a token (contract 5.6, points 4 and 5).
SUCCESSFUL = ("COMPLETED", "ACTION_REQUIRED", "PROCESSING")


def transaction_details(services: Services, transaction: Transaction) -> Json:
    """The SDK's transaction object; members without a value are left out."""
    details: Json = {
        "transactionId": transaction.id,
        "intent": transaction.intent,
        "status": transaction.status,
        "gateway": services.settings.gateway_name,
        "createdAt": transaction.created_at,
        "updatedAt": transaction.updated_at,
        "expireAt": transaction.expire_at,
        "expired": services.transactions.has_expired(transaction),
        "authId": transaction.auth_id,
        "flags": {"isOrderRequested": transaction.order_requested},
    }
    if transaction.order_config:
        details["orderConfig"] = _order_config(transaction)
    if transaction.branding:
        details["config"] = transaction.branding
    if transaction.intent == "SUBSCRIPTION":
        details["subscriptionConfig"] = {"scid": transaction.request_body["config"]["scid"]}
    if transaction.status in SUCCESSFUL:
        details["success"] = _success(services, transaction)
    if transaction.error:
        details["error"] = {"value": True, **transaction.error}
    return details


def _success(services: Services, transaction: Transaction) -> Json:
    success: Json = {"transactionId": transaction.id, "notes": transaction.notes}
    # An import of mutual funds has neither an account nor a broker.
    if transaction.auth_id:
        token = services.gateway_tokens.connected(transaction.auth_id)
        success |= {"smallcaseAuthToken": token, "broker": transaction.broker}
    batch = services.order_store.of_transaction(transaction.id)
    data = transaction.result | ({"batches": [batch.to_json()]} if batch else {})
    return success | ({"data": data} if data else {})


def _order_config(transaction: Transaction) -> Json:
    """The order configuration of the request, in which `orders` with a `sid` replaces `securities`."""
    config = dict(transaction.order_config)
    securities = config.pop("securities", [])
    config.pop("meta", None)
    return config | ({"orders": [_order(security) for security in securities]} if securities else {})


def _order(security: Json) -> Json:
    ticker = security["ticker"]
    order = {name: value for name, value in security.items() if name != "ticker"}
    return order | {"sid": hashlib.sha256(ticker.encode()).hexdigest()[:5].upper(), "sidInfo": {"ticker": ticker}}
