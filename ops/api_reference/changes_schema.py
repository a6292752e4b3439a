"""The response of `GET /v1/holdings/changes`, which the function writes as text.

The models exist only to be described in docs/openapi.json: their names and docstrings are a part of it.
"""

from decimal import Decimal

from pydantic import Field

from gateway_backend.contracts.shared.api_models import ResponseModel
from gateway_backend.domain.holdings.changes import Kind
from gateway_backend.domain.holdings.compared_row import AssetClass
from ops.api_reference.response_schemas import AccountFreshness


class DemergedFrom(ResponseModel):
    """The share that lost as much of its cost as the new ones have. Its ISIN is null where Gateway names none."""

    isin: str | None
    name: str


class ChangeView(ResponseModel):
    """Shares, or units of a fund. An average price is null where nothing is held or the broker knows no cost."""

    kind: Kind = Field(
        description="LIKELY_SPLIT_OR_BONUS: another quantity for the same money; probably nothing was bought or sold."
        " LIKELY_DEMERGER: a share whose cost has moved to new ones, and these"
    )
    asset_class: AssetClass
    isin: str | None
    previous_isin: str | None = Field(description="Before a split of the face value; null when the ISIN is the same")
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    quantity_before: Decimal
    quantity_after: Decimal
    average_price_before: Decimal | None
    average_price_after: Decimal | None
    ratio: str | None = Field(description="Of a likely split or bonus: `2:1` is two shares in the place of each one")
    demerged_from: DemergedFrom | None = Field(description="Of a new share in a likely demerger; null of any other")


class AccountChanges(AccountFreshness):
    from_: str | None = Field(
        alias="from",
        description="Since when those holdings, which are compared with, had been unchanged; later than `since` when"
        " nothing older is known, null before the first import",
    )
    to: str | None = Field(description="`snapshotDate` of the newest snapshot; null before the first import")
    changes: list[ChangeView]


class HoldingChangesView(ResponseModel):
    since: str = Field(description="The moment asked for, in UTC")
    accounts: list[AccountChanges]
    changes: list[ChangeView] = Field(
        description="Of all accounts together: a transfer between two of them is no change"
    )
