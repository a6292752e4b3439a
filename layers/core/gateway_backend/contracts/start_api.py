"""Body of `POST /v1/transactions`: any intent of contract 2.1, in Gateway's own words."""

from typing import Annotated

from pydantic import Field, RootModel

from gateway_backend.contracts.order_start import CancelOrderRequest, OrderStart
from gateway_backend.contracts.other_start import (
    AuthoriseHoldingsRequest,
    ConnectRequest,
    FetchFundsRequest,
    FundsImportRequest,
    InvestmentRequest,
    SubscriptionRequest,
)
from gateway_backend.contracts.start import HoldingsImportRequest

type AnyStart = (
    HoldingsImportRequest
    | ConnectRequest
    | OrderStart
    | CancelOrderRequest
    | InvestmentRequest
    | FetchFundsRequest
    | AuthoriseHoldingsRequest
    | SubscriptionRequest
    | FundsImportRequest
)


class TransactionRequest(RootModel[Annotated[AnyStart, Field(discriminator="intent")]]):
    """Any intent; the field `intent` tells them apart."""
