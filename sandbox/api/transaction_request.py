"""The request that creates a transaction, and who may send it (contract 1.6, 2.1 to 2.4, 2.12)."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, model_validator
from pydantic.alias_generators import to_camel

from sandbox.scenario import Side

Intent = Literal[
    "HOLDINGS_IMPORT",
    "CONNECT",
    "TRANSACTION",
    "SIP_SETUP",
    "IMR_SETUP",
    "FETCH_FUNDS",
    "AUTHORISE_HOLDINGS",
    "MF_HOLDINGS_IMPORT",
    "CANCEL_ORDER",
    "CANCEL_AMO",
    "SUBSCRIPTION",
]
OrderType = Literal[
    "SECURITIES",
    "BUY",
    "INVESTMORE",
    "FIX",
    "REPAIR",
    "REBALANCE",
    "SIP",
    "MANAGE",
    "EXIT",
    "PARTIALEXIT",
]
LIFETIMES = {"TRANSACTION": timedelta(minutes=15), "SUBSCRIPTION": timedelta(minutes=45)}
DEFAULT_LIFETIME = timedelta(minutes=5)
# Intents that need a connected token.
ONLY_CONNECTED = frozenset(
    {"SIP_SETUP", "IMR_SETUP", "FETCH_FUNDS", "AUTHORISE_HOLDINGS", "CANCEL_ORDER", "CANCEL_AMO"}
)
# Types of orders that guests may place; all others are for a smallcase that the user has already.
ALSO_FOR_GUESTS = frozenset({"SECURITIES", "BUY"})
REQUIRED_MEMBERS = {
    "SIP_SETUP": ("iscid",),
    "IMR_SETUP": ("iscid",),
    "CANCEL_AMO": ("iscid",),
    "CANCEL_ORDER": ("batch_id", "ticker"),
}

Text = Annotated[StrictStr, Field(min_length=1)]
Shares = Annotated[int, Field(ge=1, strict=True)]
Price = Annotated[float, Field(gt=0)]


class RequestModel(BaseModel):
    """A JSON object of a request; unsupported members are ignored, because clients come in many versions."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class Security(RequestModel):
    ticker: Text
    quantity: Shares | None = None
    type: Side | None = None
    # These members were only seen in use: the documentation has none for limit orders.
    order_type: Literal["MARKET", "LIMIT", "SL", "SLM"] = "MARKET"
    validity: StrictStr | None = None
    price: Price | None = None
    trigger_price: Price | None = None


class Branding(RequestModel):
    """The name and the logo that the user sees on a basket."""

    order_name: StrictStr | None = None
    order_logo: StrictStr | None = None


class OrderConfig(RequestModel):
    type: OrderType | None = None
    securities: list[Security] = []
    meta: Branding = Branding()
    scid: Text | None = None
    iscid: Text | None = None
    batch_id: Text | None = None
    ticker: Text | None = None

    @model_validator(mode="after")
    def _has_a_member_in_all_securities_or_in_none(self) -> Self:
        for name in ("quantity", "type"):
            present = [getattr(security, name) is not None for security in self.securities]
            if any(present) and not all(present):
                raise ValueError(f"{name} must be present for all securities or for none")
        tickers = [security.ticker for security in self.securities]
        if len(set(tickers)) < len(tickers):
            raise ValueError("a security can be ordered once only")
        return self


class Config(Branding):
    scid: Text | None = None
    iscid: Text | None = None


class AssetConfig(RequestModel):
    # The documented sample passes the text "true".
    mf_holdings: StrictBool | Literal["true", "false"] = False
    pan: Annotated[StrictStr, Field(pattern=r"^[A-Z]{5}[0-9]{4}[A-Z]$")] | None = None
    phone: Annotated[StrictStr, Field(pattern=r"^[0-9]{10}$")] | None = None
    email: Annotated[StrictStr, Field(pattern=r"^\S+@\S+$")] | None = None


class TransactionRequest(RequestModel):
    intent: Intent
    # "v1" is not a valid value: a request without a version means v1 (contract 2.1).
    version: Literal["v2"] | None = None
    asset_config: AssetConfig = AssetConfig()
    order_config: OrderConfig = OrderConfig()
    config: Config = Config()
    notes: Annotated[StrictStr, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _has_the_members_of_its_intent(self) -> Self:
        order = self.order_config
        for name in REQUIRED_MEMBERS.get(self.intent, ()):
            if not getattr(order, name):
                raise ValueError(f"{self.intent} needs orderConfig.{to_camel(name)}")
        if self.intent == "SUBSCRIPTION" and not self.config.scid:
            raise ValueError("SUBSCRIPTION needs config.scid")
        if self.intent == "TRANSACTION":
            _check_orders(order)
        return self

    @property
    def lifetime(self) -> timedelta:
        return LIFETIMES.get(self.intent, DEFAULT_LIFETIME)

    @property
    def needs_connected_token(self) -> bool:
        if self.intent == "TRANSACTION":
            return self.order_config.type not in ALSO_FOR_GUESTS
        return self.intent in ONLY_CONNECTED

    @property
    def branding(self) -> dict[str, Any]:
        """The basket's name and logo, from both places in which Gateway may read them (contract 2.2)."""
        branding: dict[str, Any] = {}
        for place in (self.config, self.order_config.meta):
            branding |= place.model_dump(by_alias=True, exclude_none=True, include={"order_name", "order_logo"})
        return branding


def _check_orders(order: OrderConfig) -> None:
    match order.type:
        case None:
            raise ValueError("TRANSACTION needs orderConfig.type")
        case "SECURITIES":
            if not order.securities:
                raise ValueError("orderConfig.securities is empty")
        case "BUY":
            if not order.scid:
                raise ValueError("BUY needs orderConfig.scid")
        case _:
            if not order.iscid:
                raise ValueError(f"{order.type} needs orderConfig.iscid")
