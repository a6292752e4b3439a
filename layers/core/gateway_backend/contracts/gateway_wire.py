"""Gateway's answers, read tolerantly: what is unsure in the contract is looked for in every documented place."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from gateway_backend.domain.transactions import Failure, Report, Status

_UNKNOWN_ERROR = 2000


class Wire(BaseModel):
    """A member that is null counts as one that is not there."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class Envelope(Wire):
    """`success` and `errors` of every answer (contract §2.0); `errors` may be null, a text or a list."""

    success: bool = False
    errors: list[str] = []

    @field_validator("success", mode="before")
    @classmethod
    def _only_true(cls, value: Any) -> bool:
        return value is True

    @field_validator("errors", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> list[str]:
        return [str(item) for item in (value if isinstance(value, list) else [value] if value else [])]


class CreatedTransaction(Wire):
    transaction_id: str = Field(validation_alias="transactionId", min_length=1)
    expire_at: datetime = Field(validation_alias="expireAt")


def _known_status(value: Any) -> Any:
    """A status the contract does not name is one that something may still follow."""
    return Status.PROCESSING if isinstance(value, str) and value not in Status else value


def _known_code(value: Any) -> int:
    """A number, or one in digits; what is neither is an error all the same."""
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _UNKNOWN_ERROR


def _as_error(value: Any) -> Any:
    """An object that says something, or a bare text; anything else is no error."""
    if isinstance(value, dict):
        return value if any(member is not None for member in value.values()) else None
    return {"message": value} if isinstance(value, str) and value else None


class _Error(Wire):
    code: Annotated[int, BeforeValidator(_known_code)] = _UNKNOWN_ERROR
    message: Annotated[str, BeforeValidator(str)] = "internal_error"
    value: bool = True


class TransactionDetails(Wire):
    """Contract §2.5: nested under `transactionDetails` or `transaction`, or not at all."""

    status: Annotated[Status, BeforeValidator(_known_status)]
    expired: bool = False
    account_id: str | None = Field(default=None, validation_alias=AliasChoices("smallcaseAuthId", "authId"))
    broker: str | None = Field(default=None, validation_alias=AliasChoices("broker", AliasPath("success", "broker")))
    token: str | None = Field(
        default=None,
        validation_alias=AliasChoices(AliasPath("success", "smallcaseAuthToken"), "smallcaseAuthToken", "authToken"),
    )
    error: Annotated[_Error | None, BeforeValidator(_as_error)] = None

    @model_validator(mode="before")
    @classmethod
    def _find(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return data.get("transactionDetails") or data.get("transaction") or data
        return data

    def report(self, transaction_id: str, account_id: str | None) -> Report:
        failed = self.error is not None and self.error.value
        return Report(
            transaction_id=transaction_id,
            status=self.status,
            expired=self.expired,
            account_id=account_id,
            broker=self.broker,
            failure=Failure(self.error.code, self.error.message) if self.error and failed else None,
        )
