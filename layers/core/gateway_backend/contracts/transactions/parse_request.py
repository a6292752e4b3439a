"""Parse the body of `POST /v1/transactions` into the model of its intent."""

from importlib import import_module

from gateway_backend.contracts.shared.parse_body import parse_body, parse_json
from gateway_backend.contracts.transactions.request import HoldingsImportRequest, TransactionRequest
from gateway_backend.domain.shared.errors import RequestInvalid
from gateway_backend.domain.transactions.intents import Intent

_MODELS = {
    Intent.CONNECT: "transactions.non_order_requests.ConnectRequest",
    Intent.TRANSACTION: "orders.request.OrderTransactionRequest",
    Intent.CANCEL_ORDER: "orders.request.CancelOrderRequest",
    Intent.SIP_SETUP: "transactions.non_order_requests.InvestmentRequest",
    Intent.IMR_SETUP: "transactions.non_order_requests.InvestmentRequest",
    Intent.CANCEL_AMO: "transactions.non_order_requests.InvestmentRequest",
    Intent.FETCH_FUNDS: "transactions.non_order_requests.FetchFundsRequest",
    Intent.AUTHORISE_HOLDINGS: "transactions.non_order_requests.AuthoriseHoldingsRequest",
    Intent.SUBSCRIPTION: "transactions.non_order_requests.SubscriptionRequest",
    Intent.MF_HOLDINGS_IMPORT: "transactions.non_order_requests.FundsImportRequest",
}
"""Found by name: a cold start defines the models of the intent it serves, not of all (docs/decisions.md)."""


def parse_transaction_request(raw: bytes) -> TransactionRequest:
    """Raises: RequestInvalid, naming each wrong field and why."""
    return parse_body(_model_of(raw), raw)


def _model_of(raw: bytes) -> type[TransactionRequest]:
    body = parse_json(raw)
    if not isinstance(body, dict):
        raise RequestInvalid("body: is not a JSON object")
    intent = body.get("intent")
    if not isinstance(intent, str) or intent not in Intent:
        raise RequestInvalid(f"intent: must be one of {', '.join(Intent)}")
    if intent == Intent.HOLDINGS_IMPORT:
        return HoldingsImportRequest
    module, _, name = _MODELS[Intent(intent)].rpartition(".")
    model: type[TransactionRequest] = getattr(import_module(f"gateway_backend.contracts.{module}"), name)
    return model
