"""Bodies of `POST /v1/transactions`: what a transaction is started with."""

from typing import Annotated, Literal, Self

from pydantic import Field, RootModel, StrictBool

from gateway_backend.contracts.http_api import AccountId, Answer, Body, Instant, Note
from gateway_backend.domain.transactions import Transaction


class AssetConfig(Body):
    mf_holdings: StrictBool | Literal["true"] = Field(
        default=False, description="Also import mutual funds held at the broker; Gateway's own sample has a text"
    )


class HoldingsImportRequest(Body):
    intent: Literal["HOLDINGS_IMPORT"]
    version: Literal["v1", "v2"] = "v2"
    asset_config: AssetConfig = AssetConfig()
    smallcase_auth_id: AccountId | None = Field(default=None, description="Import again from this linked account")
    notes: Note | None = None


class ConnectRequest(Body):
    intent: Literal["CONNECT"]
    notes: Note | None = None


class TransactionRequest(RootModel[Annotated[HoldingsImportRequest | ConnectRequest, Field(discriminator="intent")]]):
    """Any intent; the field `intent` tells them apart."""


class TransactionCreated(Answer):
    transaction_id: str
    expire_at: Instant
    gateway_name: str
    smallcase_auth_token: str

    @classmethod
    def of(cls, transaction: Transaction, token: str, gateway_name: str) -> Self:
        return cls(
            transaction_id=transaction.id,
            expire_at=transaction.expire_at,
            gateway_name=gateway_name,
            smallcase_auth_token=token,
        )
