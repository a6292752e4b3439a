"""Reading `POST /v1/transactions` into the model of its intent."""

from importlib import import_module

from pydantic_core import from_json

from gateway_backend.contracts.parse_body import parse_body
from gateway_backend.contracts.transaction_request import HoldingsImportRequest, TransactionRequest
from gateway_backend.domain.errors import RequestInvalid
from gateway_backend.domain.intents import Intent

_MODELS = {
    Intent.CONNECT: "non_order_requests.ConnectRequest",
    Intent.TRANSACTION: "order_requests.OrderTransactionRequest",
    Intent.CANCEL_ORDER: "order_requests.CancelOrderRequest",
    Intent.SIP_SETUP: "non_order_requests.InvestmentRequest",
    Intent.IMR_SETUP: "non_order_requests.InvestmentRequest",
    Intent.CANCEL_AMO: "non_order_requests.InvestmentRequest",
    Intent.FETCH_FUNDS: "non_order_requests.FetchFundsRequest",
    Intent.AUTHORISE_HOLDINGS: "non_order_requests.AuthoriseHoldingsRequest",
    Intent.SUBSCRIPTION: "non_order_requests.SubscriptionRequest",
    Intent.MF_HOLDINGS_IMPORT: "non_order_requests.FundsImportRequest",
}
"""Found by name: a cold start defines the models of the intent it serves, not of all (docs/decisions.md)."""


def parse_transaction_request(raw: bytes) -> TransactionRequest:
    """Raises: RequestInvalid, naming each field that does not fit and why."""
    return parse_body(_model_of(raw), raw)


def _model_of(raw: bytes) -> type[TransactionRequest]:
    try:
        body = from_json(raw or b"{}", allow_inf_nan=False)
    except ValueError:
        raise RequestInvalid("body: is not JSON") from None
    if not isinstance(body, dict):
        raise RequestInvalid("body: is not a JSON object")
    intent = body.get("intent")
    if not isinstance(intent, str) or intent not in Intent:
        raise RequestInvalid(f"intent: must be one of {', '.join(Intent)}")
    if intent == Intent.HOLDINGS_IMPORT:
        return HoldingsImportRequest
    module, _, name = _MODELS[Intent(intent)].partition(".")
    model: type[TransactionRequest] = getattr(import_module(f"gateway_backend.contracts.{module}"), name)
    return model
