"""What the requests for a transaction have in common, and the request for an import, which other routes make, too."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StringConstraints

from gateway_backend.contracts.shared.api_models import AccountId, Instant, Note, RequestModel, ResponseModel
from gateway_backend.domain.transactions.transaction import Transaction

if TYPE_CHECKING:
    from gateway_backend.domain.orders.request import OrderRequest, OrderRules, SellWarning

type Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


def to_gateway_json(body: RequestModel) -> dict[str, Any]:
    """The body as Gateway's JSON, without what was left out."""
    return body.model_dump(by_alias=True, exclude_none=True)


class TransactionRequest(RequestModel):
    """The body of `POST /v1/transactions`. `order` is what it requests where money moves."""

    intent: str
    notes: Note | None = None

    @property
    def account_id(self) -> str | None:
        return None

    @property
    def order(self) -> "OrderRequest | None":
        return None

    def to_gateway(self, rules: "OrderRules") -> dict[str, Any]:
        """Gateway's body (contract 2.1), without the notes."""
        return {"intent": self.intent}


class OptionalAccountRequest(TransactionRequest):
    """Beside a guest, who may choose any broker, also for a linked account."""

    smallcase_auth_id: AccountId | None = Field(
        default=None, description="The linked account it is for; without, the user may choose any broker"
    )

    @property
    def account_id(self) -> str | None:
        return self.smallcase_auth_id


class AssetConfig(RequestModel):
    mf_holdings: StrictBool | Literal["true"] = Field(
        default=False, description="Also import mutual funds held at the broker; Gateway's own sample has a text"
    )


class HoldingsImportRequest(OptionalAccountRequest):
    intent: Literal["HOLDINGS_IMPORT"]
    version: Literal["v1", "v2"] = "v2"
    asset_config: AssetConfig = AssetConfig()

    def to_gateway(self, rules: "OrderRules") -> dict[str, Any]:
        # v1 is the absence of a version (contract 2.1).
        version = {"version": "v2"} if self.version == "v2" else {}
        funds = {"assetConfig": {"mfHoldings": True}} if self.asset_config.mf_holdings else {}
        return super().to_gateway(rules) | version | funds


class WarningView(ResponseModel):
    """Nothing is refused for it: a snapshot ages, and the broker has the last word."""

    ticker: str
    code: str = Field(description="NOT_HELD or MORE_THAN_TRANSACTABLE")
    transactable: int = Field(description="Shares that can be sold, by the newest snapshot")
    as_of: Instant = Field(description="The snapshot's date")
    text: str = Field(description="For the user's eyes")


class TransactionCreated(ResponseModel):
    transaction_id: str
    expire_at: Instant
    gateway_name: str
    smallcase_auth_token: str
    warnings: list[WarningView] = Field(description="About a SELL that the newest snapshot does not cover")

    @classmethod
    def of(cls, transaction: Transaction, token: str, gateway_name: str, warnings: "list[SellWarning]") -> Self:
        return cls(
            transaction_id=transaction.id,
            expire_at=transaction.expire_at,
            gateway_name=gateway_name,
            smallcase_auth_token=token,
            warnings=[
                WarningView(
                    ticker=warning.ticker,
                    code=warning.code,
                    transactable=warning.transactable,
                    as_of=warning.as_of,
                    text=warning.text,
                )
                for warning in warnings
            ],
        )
