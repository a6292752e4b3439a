"""What the sandbox can be told to play: how the user goes through Gateway's screens, what the exchange does."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Sending = Literal["send", "hold", "drop"]
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
# What can come of an order that is open already.
StepResult = Literal["fill", "partial", "open", "reject", "error", "cancel", "cancel_amo"]
# What can come of a security on the user's order screen.
OrderResult = Literal["fill", "partial", "open", "reject", "cancel", "unplaced", "error", "removed"]
Side = Literal["BUY", "SELL"]

Shares = Annotated[int, Field(ge=1, strict=True)]


class Instruction(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Step(Instruction):
    """What happens to one order. `filled` counts all its shares so far, `price` is that of those filled now."""

    result: StepResult
    error_code: str | None = None
    filled: Shares | None = None
    price: Annotated[float, Field(gt=0)] | None = None
    # The user changed the open order.
    quantity: Shares | None = None
    later: "Later | None" = None


class Later(Step):
    """A step that happens by itself when the clock gets there: seconds or an ISO 8601 duration (`PT18H`)."""

    after: Annotated[timedelta, Field(gt=timedelta(0))]


# Now that it is known what `later` is.
Step.model_rebuild()


class OrderScript(Instruction):
    """One security on the order screen: what the user makes of it, and what the exchange does then."""

    result: OrderResult | None = None
    error_code: str | None = None
    filled: Shares | None = None
    price: Annotated[float, Field(gt=0)] | None = None
    quantity: Shares | None = None
    type: Side | None = None
    later: Later | None = None

    @model_validator(mode="after")
    def _only_an_open_order_has_a_future(self) -> Self:
        if self.later and self.result not in (None, "open", "partial"):
            raise ValueError(f"`later` is for an order that stays open, not for {self.result!r}")
        return self


class Failure(Instruction):
    """Any transaction error of contract 5.5, for the outcome `fail`."""

    message: Annotated[str, Field(min_length=1)]
    code: int


class Act(Instruction):
    outcome: Outcome = "complete"
    broker: str | None = None
    account: str | None = None
    webhooks: Sending = "send"
    error: Failure | None = None
    # The SDK was set up with `amo: true`.
    amo: bool = False
    # By ticker; a security that is not named is filled.
    orders: dict[str, OrderScript] = {}
    funds: float = 25310.55
    sip: dict[str, Any] = {}
    action_required: Annotated[bool, Field(alias="action_required")] = False
