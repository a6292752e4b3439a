"""The body of `POST /v1/transactions`: one model for every intent of contract 2.1.

The function parses only the model of the intent it received. This union exists to be described in docs/openapi.json.
"""

from typing import Annotated

from pydantic import Field, RootModel

from gateway_backend.contracts.orders.request import CancelOrderRequest, OrderTransactionRequest
from gateway_backend.contracts.transactions.non_order_requests import (
    AuthoriseHoldingsRequest,
    ConnectRequest,
    FetchFundsRequest,
    FundsImportRequest,
    InvestmentRequest,
    SubscriptionRequest,
)
from gateway_backend.contracts.transactions.request import HoldingsImportRequest

type AnyRequest = (
    HoldingsImportRequest
    | ConnectRequest
    | OrderTransactionRequest
    | CancelOrderRequest
    | InvestmentRequest
    | FetchFundsRequest
    | AuthoriseHoldingsRequest
    | SubscriptionRequest
    | FundsImportRequest
)


class CreateTransactionRequest(RootModel[Annotated[AnyRequest, Field(discriminator="intent")]]):
    """Any intent; the field `intent` tells them apart."""
