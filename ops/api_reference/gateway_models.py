"""Bodies of Gateway that the backend passes on as text: holdings, webhooks and mutual fund statements.

They are models only to be described in docs/openapi.json: their names and docstrings are a part of it.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints
from pydantic.alias_generators import to_camel

from gateway_backend.contracts.connections.views import FreshnessView
from gateway_backend.contracts.shared.api_models import Instant, ResponseModel


class GatewayModel(BaseModel):
    """The members that the backend relies on. It stores and serves all others as Gateway sent them."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class Costed(GatewayModel):
    quantity: Decimal
    average_price: Decimal | None = Field(default=None, description="Rupees; 0 where the broker does not know it")


class SecurityV2(GatewayModel):
    isin: str | None = None
    name: str | None = None
    nse_ticker: str | None = None
    bse_ticker: str | None = None
    holdings: Costed


class SecurityV1(GatewayModel):
    name: str | None = None
    ticker: str | None = None
    shares: Decimal
    average_price: Decimal | None = None


class SecuritiesV1(GatewayModel):
    holdings: list[SecurityV1]


class HoldingsData(GatewayModel):
    """Gateway's v1 or v2: `securities` tells them apart."""

    # Contract 4.1 and 4.2. The docstring is published, so it cites nothing.

    securities: list[SecurityV2] | SecuritiesV1
    smallcases: Any = None
    mutual_funds: Any = None
    updating: Literal[False]
    last_update: str | None
    snapshot_date: str
    smallcase_auth_id: str
    broker: str


class AccountHoldings(ResponseModel):
    """Gateway's own answer, digit for digit, with freshness beside it."""

    success: Literal[True]
    errors: None
    data: HoldingsData
    freshness: FreshnessView


type SignedText = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,128}$")]


class AccountWebhook(GatewayModel):
    """`checksum`: hex HMAC-SHA256 of `timestamp` + `smallcaseAuthId`, keyed by the API secret (contract 3.2)."""

    timestamp: SignedText
    checksum: SignedText
    smallcase_auth_id: SignedText
    transaction_id: SignedText | None = None


class HoldingsWebhook(AccountWebhook):
    securities: list[dict[str, Any]] | dict[str, Any] = Field(description="A list in v2, an object in v1")
    snapshot_date: SignedText | None = None


class OrderWebhook(AccountWebhook):
    batch_id: Any
    orders: Any = None


class PendingActionWebhook(AccountWebhook):
    iscid: Any


class MutualFundsWebhook(GatewayModel):
    """It names no account: its `checksum` is made of `timestamp` + `transactionId`."""

    intent: Literal["MF_HOLDINGS_IMPORT"]
    timestamp: SignedText
    checksum: SignedText
    transaction_id: SignedText


class MutualFundStatement(ResponseModel):
    """`data` is as Gateway sent it, but without what it says of the investor. Nobody can be asked to confirm it."""

    transaction_id: str
    received_at: Instant
    data: Any


class WebhookBody(RootModel[HoldingsWebhook | OrderWebhook | PendingActionWebhook | MutualFundsWebhook]):
    """Any kind; its shape tells which."""

    # Contract 3.7.


class WebhookReceived(BaseModel):
    received: Literal[True]
