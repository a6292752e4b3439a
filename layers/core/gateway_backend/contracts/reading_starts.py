"""Reading `POST /v1/transactions` into the model of its intent."""

from importlib import import_module

from pydantic_core import from_json

from gateway_backend.contracts.reading import read_body
from gateway_backend.contracts.start import HoldingsImportRequest, Start
from gateway_backend.domain.errors import RequestInvalid
from gateway_backend.domain.intents import Intent

_MODELS = {
    Intent.CONNECT: "other_start.ConnectRequest",
    Intent.TRANSACTION: "order_start.OrderStart",
    Intent.CANCEL_ORDER: "order_start.CancelOrderRequest",
    Intent.SIP_SETUP: "other_start.InvestmentRequest",
    Intent.IMR_SETUP: "other_start.InvestmentRequest",
    Intent.CANCEL_AMO: "other_start.InvestmentRequest",
    Intent.FETCH_FUNDS: "other_start.FetchFundsRequest",
    Intent.AUTHORISE_HOLDINGS: "other_start.AuthoriseHoldingsRequest",
    Intent.SUBSCRIPTION: "other_start.SubscriptionRequest",
    Intent.MF_HOLDINGS_IMPORT: "other_start.FundsImportRequest",
}
"""Found by name: a cold start defines the models of the intent it serves, not of all (docs/decisions.md)."""


def read_start(raw: bytes) -> Start:
    """Raises: RequestInvalid, naming each field that does not fit and why."""
    return read_body(_model_of(raw), raw)


def _model_of(raw: bytes) -> type[Start]:
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
    model: type[Start] = getattr(import_module(f"gateway_backend.contracts.{module}"), name)
    return model
