"""Our HTTP API's bodies (design section 3): what they have in common, and those about transactions.

Numbers are exact JSON numbers, instants ISO-8601 UTC. Other resources have modules of their own, so that a function
defines at its cold start only what it speaks.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    StrictBool,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from gateway_backend.domain import times
from gateway_backend.domain.errors import LINK_REFUSALS, Action
from gateway_backend.domain.transaction_errors import advise
from gateway_backend.domain.transactions import Status, Transaction

REFUSALS = {refusal.code: refusal for refusal in LINK_REFUSALS}

type AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
type Note = Annotated[str, Field(max_length=256, description="The app's own note; it stays with us")]
type Instant = Annotated[datetime, PlainSerializer(times.to_text, return_type=str)]


class Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, defer_build=True)


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)


# Requests --------------------------------------------------------------------------------------


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


class ResultRequest(Body):
    """What the SDK gave the app, untouched: either `resolved` or `rejected` (contract §6)."""

    platform: Literal["web", "react-native", "flutter", "cordova", "ios", "android"]
    resolved: Any = None
    rejected: Any = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len({"resolved", "rejected"} & self.model_fields_set) != 1:
            raise ValueError("give exactly one of resolved and rejected")
        return self

    @property
    def was_rejected(self) -> bool:
        return "rejected" in self.model_fields_set

    @property
    def given(self) -> Any:
        return self.rejected if self.was_rejected else self.resolved


# Answers ---------------------------------------------------------------------------------------


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


class FailureView(Answer):
    code: int
    message: str
    text: str = Field(description="For the user's eyes")
    action: Action


class TransactionView(Answer):
    transaction_id: str
    intent: str
    version: str | None = None
    status: Status
    final: bool
    smallcase_auth_id: str | None
    broker: str | None
    created_at: Instant
    expire_at: Instant
    updated_at: Instant | None
    notes: str | None
    error: FailureView | None

    @classmethod
    def of(cls, transaction: Transaction) -> Self:
        return cls(
            transaction_id=transaction.id,
            intent=transaction.intent,
            version=transaction.version or None,
            status=transaction.status,
            final=transaction.is_settled,
            smallcase_auth_id=transaction.account_id,
            broker=transaction.broker,
            created_at=transaction.created_at,
            expire_at=transaction.expire_at,
            updated_at=transaction.updated_at,
            notes=transaction.note,
            error=_failure(transaction),
        )


def _failure(transaction: Transaction) -> FailureView | None:
    if transaction.refused:
        refusal = REFUSALS[transaction.refused]
        return FailureView(code=refusal.status, message=refusal.code, text=refusal.title + ".", action=refusal.action)
    if transaction.failure is None:
        return None
    advice = advise(transaction.failure.code)
    return FailureView(
        code=transaction.failure.code,
        message=transaction.failure.message,
        text=advice.text,
        action=advice.action,
    )


class TransactionsView(Answer):
    transactions: list[TransactionView]
    next_cursor: str | None
