"""What each intent is created with, and by whom (contract 1.6, 2.1 to 2.4, 2.12)."""

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
OrderKind = Literal[
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
LIFETIME = {"TRANSACTION": timedelta(minutes=15), "SUBSCRIPTION": timedelta(minutes=45)}
OTHER_LIFETIME = timedelta(minutes=5)
# Of these, orders for a smallcase that the user has already are left to connected tokens too.
ONLY_CONNECTED = frozenset(
    {"SIP_SETUP", "IMR_SETUP", "FETCH_FUNDS", "AUTHORISE_HOLDINGS", "CANCEL_ORDER", "CANCEL_AMO"}
)
ALSO_FOR_GUESTS = frozenset({"SECURITIES", "BUY"})
NEEDED = {
    "SIP_SETUP": ("iscid",),
    "IMR_SETUP": ("iscid",),
    "CANCEL_AMO": ("iscid",),
    "CANCEL_ORDER": ("batch_id", "ticker"),
}

Text = Annotated[StrictStr, Field(min_length=1)]
Shares = Annotated[int, Field(ge=1, strict=True)]
Price = Annotated[float, Field(gt=0)]


class Wire(BaseModel):
    """Members that Gateway does not know are passed over, as its clients come in many versions."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class Security(Wire):
    ticker: Text
    quantity: Shares | None = None
    type: Side | None = None
    # Seen in use only; the documentation names no fields for limit orders.
    order_type: Literal["MARKET", "LIMIT", "SL", "SLM"] = "MARKET"
    validity: StrictStr | None = None
    price: Price | None = None
    trigger_price: Price | None = None


class Looks(Wire):
    """How a basket is shown to the user."""

    order_name: StrictStr | None = None
    order_logo: StrictStr | None = None


class OrderConfig(Wire):
    type: OrderKind | None = None
    securities: list[Security] = []
    meta: Looks = Looks()
    scid: Text | None = None
    iscid: Text | None = None
    batch_id: Text | None = None
    ticker: Text | None = None

    @model_validator(mode="after")
    def _says_a_field_of_all_or_of_none(self) -> Self:
        for name in ("quantity", "type"):
            given = [getattr(one, name) is not None for one in self.securities]
            if any(given) and not all(given):
                raise ValueError(f"{name} must be present for all securities or for none")
        tickers = [one.ticker for one in self.securities]
        if len(set(tickers)) < len(tickers):
            raise ValueError("a security can be ordered once only")
        return self


class Config(Looks):
    scid: Text | None = None
    iscid: Text | None = None


class AssetConfig(Wire):
    # The documented sample passes the text "true".
    mf_holdings: StrictBool | Literal["true", "false"] = False
    pan: Annotated[StrictStr, Field(pattern=r"^[A-Z]{5}[0-9]{4}[A-Z]$")] | None = None
    phone: Annotated[StrictStr, Field(pattern=r"^[0-9]{10}$")] | None = None
    email: Annotated[StrictStr, Field(pattern=r"^\S+@\S+$")] | None = None


class NewTransaction(Wire):
    intent: Intent
    # There is no "v1": leaving it out means v1 (contract 2.1).
    version: Literal["v2"] | None = None
    asset_config: AssetConfig = AssetConfig()
    order_config: OrderConfig = OrderConfig()
    config: Config = Config()
    notes: Annotated[StrictStr, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _has_what_its_intent_needs(self) -> Self:
        order = self.order_config
        for name in NEEDED.get(self.intent, ()):
            if not getattr(order, name):
                raise ValueError(f"{self.intent} needs orderConfig.{to_camel(name)}")
        if self.intent == "SUBSCRIPTION" and not self.config.scid:
            raise ValueError("SUBSCRIPTION needs config.scid")
        if self.intent == "TRANSACTION":
            _check_orders(order)
        return self

    @property
    def lifetime(self) -> timedelta:
        return LIFETIME.get(self.intent, OTHER_LIFETIME)

    @property
    def needs_connected_token(self) -> bool:
        if self.intent == "TRANSACTION":
            return self.order_config.type not in ALSO_FOR_GUESTS
        return self.intent in ONLY_CONNECTED

    @property
    def looks(self) -> dict[str, Any]:
        """The basket's name and logo; it is not known which of the two places Gateway reads (contract 2.2)."""
        told: dict[str, Any] = {}
        for place in (self.config, self.order_config.meta):
            told |= place.model_dump(by_alias=True, exclude_none=True, include={"order_name", "order_logo"})
        return told


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
