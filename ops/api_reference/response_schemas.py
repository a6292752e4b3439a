"""The responses that functions write as text: consolidated holdings and problem+json.

The models exist only to be described in docs/openapi.json: their names and docstrings are a part of it. They are kept
out of the layer, so that no cold start pays for them.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from gateway_backend.contracts.connections.views import FreshnessView
from gateway_backend.contracts.shared.api_models import ResponseModel
from gateway_backend.domain.shared.errors import Action


class Quantities(ResponseModel):
    """Shares; `quantity` is demat + NSE + BSE, `inSmallcases` and `collateral` are parts of it or beside it."""

    quantity: Decimal
    demat: Decimal
    nse: Decimal
    bse: Decimal
    collateral: Decimal
    in_smallcases: Decimal
    transactable: Decimal
    average_price: Decimal | None
    invested: Decimal | None


class AccountQuantities(Quantities):
    smallcase_auth_id: str
    broker: str


class HoldingView(Quantities):
    isin: str | None
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    suspended: bool = Field(description="Suspended or delisted on any exchange")
    suspended_on: list[Literal["NSE", "BSE"]]
    weight: Decimal | None = Field(description="The share (0 to 1) of `invested` of the whole answer")
    accounts: list[AccountQuantities]


class FundAccount(ResponseModel):
    """Units at a broker, or of the newest mutual fund statement: then `transactionId` is the import that brought it."""

    smallcase_auth_id: str | None
    broker: str | None
    transaction_id: str | None
    folio: str | None
    units: Decimal
    average_price: Decimal | None
    invested: Decimal | None


class FundView(ResponseModel):
    isin: str | None
    name: str
    units: Decimal
    average_price: Decimal | None
    invested: Decimal | None
    accounts: list[FundAccount]
    weight: Decimal | None = Field(description="The share (0 to 1) of `invested` of the whole answer")


class TotalView(ResponseModel):
    """`invested` is the sum over what is `held`, but for what is `withoutCost`."""

    invested: Decimal
    held: int
    without_cost: int


class TotalsView(ResponseModel):
    securities: TotalView
    mutual_funds: TotalView
    unreadable: int


class StatementView(ResponseModel):
    """The newest mutual fund statement: folios that no linked account has are in `mutualFunds`."""

    transaction_id: str
    received_at: str


class AccountFreshness(ResponseModel):
    smallcase_auth_id: str
    broker: str
    freshness: FreshnessView


class UnreadableView(ResponseModel):
    """A holding whose quantity in Gateway's answer cannot be read: what is known of it, and no number."""

    smallcase_auth_id: str
    broker: str
    isin: str | None
    name: str | None
    nse_ticker: str | None
    bse_ticker: str | None
    folio: str | None


class HoldingsView(ResponseModel):
    as_of: str | None = Field(description="The oldest snapshot in it")
    freshness: FreshnessView | None = Field(
        description="What the least fresh account needs, with the oldest date; null when none is linked"
    )
    accounts: list[AccountFreshness]
    statement: StatementView | None
    invested: Decimal = Field(description="The sum of all `invested` that are known; `totals` says what it leaves out")
    totals: TotalsView
    holdings: list[HoldingView]
    mutual_funds: list[FundView]
    unreadable: list[UnreadableView] = Field(description="Held, and in none of the numbers above")


class Problem(ResponseModel):
    """RFC 9457 problem+json."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    action: Action
    correlation_id: str
