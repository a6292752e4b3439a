"""Bodies of `/v1/account-openings`: what the SDK's `signup` takes (contract 6.1) and how it ended."""

import re
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field

from gateway_backend.contracts.shared.api_models import Instant, RequestModel, ResponseModel
from gateway_backend.domain.connections.account_opening import AccountOpening, OpeningStatus
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.messages import advise


class Format(NamedTuple):
    """A text of a certain form; a refusal describes the form, and never quotes what was sent."""

    pattern: str
    most: int
    remedy: str

    def check(self, value: Any) -> str:
        # The length first: no pattern is tried on a text without end.
        if not isinstance(value, str) or len(value) > self.most or not re.fullmatch(self.pattern, value):
            raise ValueError(f"must be {self.remedy}")
        return value

    @property
    def schema(self) -> dict[str, Any]:
        return {"pattern": f"^(?:{self.pattern})$", "maxLength": self.most, "description": f"Must be {self.remedy}"}


# Neither controls, nor what turns the direction of writing or cannot be seen; Indian scripts need both joiners.
_UNPRINTABLE = r"\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff\ufff0-\uffff"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

NAME = Format(
    rf"[^{_UNPRINTABLE}]*[^\s{_UNPRINTABLE}][^{_UNPRINTABLE}]*", 100, "a text of 1 to 100 printable characters"
)
EMAIL = Format(
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{0,61}}[A-Za-z0-9]",
    254,
    "an e-mail address like name@example.com, of at most 254 characters",
)
CONTACT = Format(
    r"[6-9][0-9]{9}",
    10,
    "a text of the 10 digits of an Indian mobile number, without +91; they begin with 6, 7, 8 or 9",
)
PIN_CODE = Format(r"[1-9][0-9]{5}", 6, "a text of the 6 digits of an Indian PIN code; they do not begin with 0")

type Name = Annotated[str, BeforeValidator(NAME.check), Field(json_schema_extra=NAME.schema)]
type Email = Annotated[str, BeforeValidator(EMAIL.check), Field(json_schema_extra=EMAIL.schema)]
type Contact = Annotated[str, BeforeValidator(CONTACT.check), Field(json_schema_extra=CONTACT.schema)]
type PinCode = Annotated[str, BeforeValidator(PIN_CODE.check), Field(json_schema_extra=PIN_CODE.schema)]
type SignupField = Literal["name", "email", "contact", "pinCode"]


class AccountOpeningRequest(RequestModel):
    """What the app knows of the user already, for the flow to begin with. It is handed on, and kept nowhere."""

    name: Name | None = None
    email: Email | None = None
    contact: Contact | None = None
    pin_code: PinCode | None = None

    @property
    def signup(self) -> dict[SignupField, str]:
        fields: dict[SignupField, str | None] = {
            "name": self.name,
            "email": self.email,
            "contact": self.contact,
            "pinCode": self.pin_code,
        }
        return {field: value for field, value in fields.items() if value is not None}


class OpeningCreated(ResponseModel):
    opening_id: str
    gateway_name: str
    smallcase_auth_token: str = Field(description="A guest's, to initialise the SDK with")
    signup: dict[SignupField, str] = Field(description="The argument for the SDK's `signup`, as it is")


class OpeningFailureView(ResponseModel):
    """The SDK's own message is not kept: it could hold anything."""

    code: int
    text: str = Field(description="For the user's eyes")
    action: Action

    @classmethod
    def of(cls, code: int) -> Self:
        advice = advise(code)
        return cls(code=code, text=advice.text, action=advice.action)


class OpeningView(ResponseModel):
    opening_id: str
    status: OpeningStatus = Field(description="`ENDED`: the flow is over. Only the broker knows whether it opened one")
    began_at: Instant
    ended_at: Instant | None
    error: OpeningFailureView | None

    @classmethod
    def of(cls, opening: AccountOpening) -> Self:
        code = opening.failure_code
        return cls(
            opening_id=opening.id,
            status=opening.status,
            began_at=opening.began_at,
            ended_at=opening.ended_at,
            error=None if code is None else OpeningFailureView.of(code),
        )


class OpeningsView(ResponseModel):
    account_openings: list[OpeningView] = Field(description="The newest 50, newest first")
