"""Requests for what is neither an import nor an order (contract 2.1, 2.4).

A module of its own: keeps the cold start of imports small."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from gateway_backend.contracts.shared.api_models import AccountId, RequestModel
from gateway_backend.contracts.transactions.request import (
    Identifier,
    OptionalAccountRequest,
    TransactionRequest,
    to_gateway_json,
)
from gateway_backend.domain.orders.request import OrderRequest, OrderRules


class ConnectRequest(TransactionRequest):
    intent: Literal["CONNECT"]


class LinkedAccountRequest(TransactionRequest):
    """For a linked account only (contract 1.6)."""

    smallcase_auth_id: AccountId = Field(description="The linked account it is for")

    @property
    def account_id(self) -> str | None:
        return self.smallcase_auth_id


class FetchFundsRequest(LinkedAccountRequest):
    intent: Literal["FETCH_FUNDS"]


class AuthoriseHoldingsRequest(LinkedAccountRequest):
    intent: Literal["AUTHORISE_HOLDINGS"]


class InvestmentConfig(RequestModel):
    iscid: Identifier


class InvestmentRequest(LinkedAccountRequest):
    """A standing instruction for an investment in a smallcase, or the end of its after-market orders."""

    intent: Literal["SIP_SETUP", "IMR_SETUP", "CANCEL_AMO"]
    order_config: InvestmentConfig

    @property
    def order(self) -> OrderRequest:
        return OrderRequest(iscid=self.order_config.iscid)

    def to_gateway(self, rules: OrderRules) -> dict[str, Any]:
        return super().to_gateway(rules) | {"orderConfig": to_gateway_json(self.order_config)}


class SubscriptionConfig(RequestModel):
    scid: Identifier
    iscid: Identifier | None = None


class SubscriptionRequest(OptionalAccountRequest):
    intent: Literal["SUBSCRIPTION"]
    config: SubscriptionConfig

    @property
    def order(self) -> OrderRequest:
        return OrderRequest(scid=self.config.scid, iscid=self.config.iscid)

    def to_gateway(self, rules: OrderRules) -> dict[str, Any]:
        return super().to_gateway(rules) | {"config": to_gateway_json(self.config)}


# Mutual funds ----------------------------------------------------------------------------------


def _exists(day: str) -> str:
    date.fromisoformat(day)
    return day


type Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_exists),
    Field(description="yyyy-mm-dd"),
]


class FundsAssetConfig(RequestModel):
    """Prefills Gateway's form. Passed on, and neither stored nor logged."""

    # contract 2.4

    from_date: Day | None = None
    to_date: Day | None = None
    pan: Annotated[str, StringConstraints(pattern=r"^[A-Z]{5}[0-9]{4}[A-Z]$")] | None = Field(
        default=None, description="In capitals"
    )
    phone: Annotated[str, StringConstraints(pattern=r"^[6-9][0-9]{9}$")] | None = Field(
        default=None, description="Ten digits, without +91"
    )
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}\.[A-Za-z]{2,20}$")] | None = None
    flow: Literal["wealth"] | None = None

    @model_validator(mode="after")
    def _prefills(self) -> Self:
        contact = self.phone or self.email
        if bool(self.pan) != bool(contact):
            raise ValueError("give pan together with phone or email, or none of them: Gateway prefills nothing else")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date and self.to_date and self.from_date > self.to_date:
            raise ValueError("fromDate must not be after toDate")
        return self


class StatementConfig(RequestModel):
    cas_detail: StrictBool = True
    cas_summary: StrictBool = True


class FundsImportRequest(OptionalAccountRequest):
    intent: Literal["MF_HOLDINGS_IMPORT"]
    asset_config: FundsAssetConfig = FundsAssetConfig()
    response_config: StatementConfig = StatementConfig()

    def to_gateway(self, rules: OrderRules) -> dict[str, Any]:
        prefilled = to_gateway_json(self.asset_config)
        asset_config = {"assetConfig": prefilled} if prefilled else {}
        return super().to_gateway(rules) | asset_config | {"responseConfig": to_gateway_json(self.response_config)}
