"""Gateway's answers about transactions, parsed tolerantly: each member is looked for in every documented place."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    AliasPath,
    BeforeValidator,
    Field,
    model_validator,
)

from gateway_backend.contracts.shared.gateway_model import GatewayModel
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.money import readable
from gateway_backend.domain.transactions.messages import code_of
from gateway_backend.domain.transactions.report import Failure, Outcome, Report, Status


def _status(value: Any) -> Any:
    """A status that the contract does not name counts as PROCESSING: something may still follow."""
    return Status.PROCESSING if isinstance(value, str) and value not in Status else value


def _error_code(value: Any) -> int | None:
    """The code as a number or as digits."""
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _message(value: Any) -> str:
    """A message of 400 KB would keep its transaction from being stored."""
    return str(value)[:_LONGEST_TEXT]


def _as_error(value: Any) -> Any:
    """An object with a member that is not null, or a bare text; anything else is no error."""
    if isinstance(value, dict):
        return value if any(member is not None for member in value.values()) else None
    return {"message": value} if isinstance(value, str) and value else None


class _Error(GatewayModel):
    code: Annotated[int | None, BeforeValidator(_error_code)] = None
    message: Annotated[str, BeforeValidator(_message)] = "internal_error"
    value: Any = True

    @property
    def failure(self) -> Failure | None:
        if self.value is False:
            return None
        return Failure(code_of(self.message) if self.code is None else self.code, self.message)


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _instant(value: Any) -> datetime | None:
    try:
        return times.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _short_text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT else None


def _batches(value: Any) -> tuple[dict[str, Any], ...]:
    found = value if isinstance(value, list) else []
    return tuple(item for item in found if isinstance(item, dict) and item.get("batchId"))


def _sip(value: Any) -> dict[str, Any] | None:
    """Contract 2.3. iOS says YES and NO where others say true and false (contract 6.2)."""
    if not isinstance(value, dict):
        return None
    members: dict[str, Any] = {name: _short_text(value.get(name)) for name in _SIP_TEXTS}
    members |= {"amount": readable(value.get("amount")), "sipActive": _YES_NO.get(str(value.get("sipActive")).lower())}
    return {name: member for name, member in members.items() if member is not None}


_LONGEST_TEXT = 200
_SIP_TEXTS = ("frequency", "iscid", "scheduledDate", "scid", "sipAction", "sipType")
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


def _outcome(success: Any, updated_at: Any) -> Outcome | None:
    """The interaction's outcome. Parsed by hand: a member of an unexpected type is passed over, the others count."""
    funds = readable(_anywhere(success, "funds", "fund"))
    scid, iscid, name = (_short_text(_anywhere(success, name)) for name in ("scid", "iscid", "name"))
    sip = _sip(_anywhere(success, "sipDetails"))
    if funds is None and not (scid or iscid or sip):
        return None
    return Outcome(funds, _instant(updated_at) if funds is not None else None, scid, iscid, name, sip)


def _anywhere(success: Any, *names: str) -> Any:
    """Under `success.data`, or directly under `success` (contract 2.5, 6.2)."""
    if not isinstance(success, dict):
        return None
    inner = success.get("data")
    places = (inner if isinstance(inner, dict) else {}, success)
    return next((place[name] for place in places for name in names if place.get(name) is not None), None)


def _token(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


type _Text = Annotated[str | None, BeforeValidator(_short_text)]


class CreatedTransaction(GatewayModel):
    """`expire_at` is None when Gateway's cannot be read: the transaction is there all the same."""

    transaction_id: str = Field(validation_alias="transactionId", min_length=1, max_length=128)
    expire_at: Annotated[datetime | None, BeforeValidator(_instant)] = Field(None, validation_alias="expireAt")


class TransactionDetails(GatewayModel):
    """Contract 2.5: nested under `transactionDetails` or `transaction`, or not at all."""

    status: Annotated[Status, BeforeValidator(_status)]
    expired: Annotated[bool, BeforeValidator(_is_true)] = False
    account_id: _Text = Field(default=None, validation_alias=AliasChoices("smallcaseAuthId", "authId"))
    broker: _Text = Field(default=None, validation_alias=AliasChoices("broker", AliasPath("success", "broker")))
    token: Annotated[str | None, BeforeValidator(_token)] = Field(
        default=None,
        validation_alias=AliasChoices(AliasPath("success", "smallcaseAuthToken"), "smallcaseAuthToken", "authToken"),
    )
    error: Annotated[_Error | None, BeforeValidator(_as_error)] = None
    updated_at: Any = Field(default=None, validation_alias="updatedAt")
    order_requested: Any = Field(default=None, validation_alias=AliasPath("flags", "isOrderRequested"))
    success: Any = None

    @model_validator(mode="before")
    @classmethod
    def _find(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return data.get("transactionDetails") or data.get("transaction") or data
        return data

    def report(self, transaction_id: str, account_id: str | None) -> Report:
        return Report(
            transaction_id=transaction_id,
            status=self.status,
            expired=self.expired,
            account_id=account_id,
            broker=self.broker,
            failure=self.error.failure if self.error else None,
            order_requested=self.order_requested is True,
            outcome=_outcome(self.success, self.updated_at),
            batches=_batches(_anywhere(self.success, "batches", "orderBatches")),
        )
