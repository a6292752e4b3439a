"""The scenarios that a test can choose: what the user does in Gateway's screens, and what the exchange does."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

WebhookPolicy = Literal["send", "hold", "drop"]
Outcome = Literal[
    "complete",
    "deny_consent",
    "cancel_choosing",
    "cancel_before_login",
    "cancel_after_login",
    "wrong_account",
    "expire",
    "no_broker",
    "market_closed",
    "insufficient_holdings",
    "order_pending",
    "fail",
]
# The results that an open order can have.
StepResult = Literal["fill", "partial", "open", "reject", "error", "cancel", "cancel_amo"]
# The results that a security on the user's order screen can have.
OrderResult = Literal["fill", "partial", "open", "reject", "cancel", "unplaced", "error", "removed"]
Side = Literal["BUY", "SELL"]

Shares = Annotated[int, Field(ge=1, strict=True)]


class ControlBody(BaseModel):
    """A JSON object of the control API; a misspelt member is an error, because else it would go unnoticed."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Step(ControlBody):
    """The next event of an order. `filled` counts all its shares so far, `price` is that of the shares filled now."""

    result: StepResult
    error_code: str | None = None
    filled: Shares | None = None
    price: Annotated[float, Field(gt=0)] | None = None
    # The quantity of an open order that the user has modified.
    quantity: Shares | None = None
    later: "ScheduledStep | None" = None


class ScheduledStep(Step):
    """A step that happens when the clock gets there: after seconds or an ISO 8601 duration (`PT18H`)."""

    after: Annotated[timedelta, Field(gt=timedelta(0))]


# `Step` refers to `ScheduledStep`, which is defined only now.
Step.model_rebuild()


class OrderScenario(ControlBody):
    """What the user does with a security on the order screen, and what the exchange does with the order."""

    result: OrderResult | None = None
    error_code: str | None = None
    filled: Shares | None = None
    price: Annotated[float, Field(gt=0)] | None = None
    quantity: Shares | None = None
    type: Side | None = None
    later: ScheduledStep | None = None

    @model_validator(mode="after")
    def _only_an_open_order_has_a_later_step(self) -> Self:
        if self.later and self.result not in (None, "open", "partial"):
            raise ValueError(f"`later` is for an order that stays open, not for {self.result!r}")
        return self


class TransactionError(ControlBody):
    """Any transaction error of contract 5.5, for the outcome `fail`."""

    message: Annotated[str, Field(min_length=1)]
    code: int


class Scenario(ControlBody):
    outcome: Outcome = "complete"
    broker: str | None = None
    account: str | None = None
    webhooks: WebhookPolicy = "send"
    error: TransactionError | None = None
    # Whether the SDK was set up with `amo: true`.
    amo: bool = False
    # By ticker; a security without an entry is filled.
    orders: dict[str, OrderScenario] = {}
    funds: float = 25310.55
    sip: dict[str, Any] = {}
    action_required: Annotated[bool, Field(alias="action_required")] = False
