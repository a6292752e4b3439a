"""Starting an order, or the end of one (contract 2.2, 2.3).

Apart, so that only an order pays for it at its cold start.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictInt, StrictStr, StringConstraints, model_validator

from gateway_backend.contracts.shared.api_models import RequestModel
from gateway_backend.contracts.transactions.request import Identifier, OptionalAccountRequest, to_gateway_json
from gateway_backend.domain.orders.request import OrderRequest, OrderRules, RequestedSecurity
from gateway_backend.domain.transactions.intents import Intent, needs_account

_TICKER = re.compile(r"[A-Z0-9][A-Z0-9&_-]{0,24}")


def _nse_ticker(text: str) -> str:
    if not _TICKER.fullmatch(text):
        raise ValueError("must be NSE's, in capitals, without exchange or suffix: INFY, M&M, BAJAJ-AUTO")
    if text.endswith("-EQ"):
        raise ValueError(f"must be without the series: {text.removesuffix('-EQ')}")
    return text


type Ticker = Annotated[
    StrictStr,
    AfterValidator(_nse_ticker),
    Field(
        description="NSE's ticker in capitals, without exchange or suffix: RELIANCE, M&M, BAJAJ-AUTO",
        json_schema_extra={"pattern": f"^{_TICKER.pattern}(?<!-EQ)$"},
    ),
]
type Price = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2, description="Rupees")]

MOST_SECURITIES = 500
"""What is read at all; how many a basket may have is a parameter of the stack."""


class SecurityOrder(RequestModel):
    """The user chooses what is left out in Gateway's order screen, and may change what is given."""

    ticker: Ticker
    quantity: Annotated[StrictInt, Field(ge=1, description="Shares")] | None = None
    type: Literal["BUY", "SELL"] | None = None
    order_type: Literal["MARKET", "LIMIT", "SL", "SLM"] | None = None
    validity: Literal["DAY", "IOC"] | None = None
    price: Price | None = Field(default=None, description="Rupees; of LIMIT and SL")
    trigger_price: Price | None = Field(default=None, description="Rupees; of SL and SLM")

    @model_validator(mode="after")
    def _prices_fit(self) -> Self:
        order_type = self.order_type or "MARKET"
        for name, given, wanted in (
            ("price", self.price, order_type in ("LIMIT", "SL")),
            ("triggerPrice", self.trigger_price, order_type in ("SL", "SLM")),
        ):
            if wanted != (given is not None):
                raise ValueError(f"{name} is {'needed for' if wanted else 'not part of'} a {order_type} order")
        return self


class BasketMeta(RequestModel):
    """How Gateway's screens name a basket."""

    order_name: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    order_logo: Annotated[str, StringConstraints(pattern=r"^https://[!-~]{3,500}$")] | None = None


class SecuritiesConfig(RequestModel):
    type: Literal["SECURITIES"]
    securities: Annotated[list[SecurityOrder], Field(min_length=1, max_length=MOST_SECURITIES)]
    meta: BasketMeta = BasketMeta()

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:  # contract 2.2
        for name in ("quantity", "type"):
            given = [getattr(security, name) is not None for security in self.securities]
            if any(given) and not all(given):
                missing = self.securities[given.index(False)].ticker
                raise ValueError(f"give {name} for every security or for none: {missing} has none")
        tickers = [security.ticker for security in self.securities]
        twice = sorted({ticker for ticker in tickers if tickers.count(ticker) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice[:3])}: a ticker may stand in a basket once; add the quantities up")
        return self


class SmallcaseConfig(RequestModel):
    type: Literal["BUY", "INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT"]
    scid: Identifier | None = Field(default=None, description="The smallcase; BUY needs it")
    iscid: Identifier | None = Field(default=None, description="The user's investment in it; all but BUY need it")
    did: Identifier | None = None

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        needed = "scid" if self.type == "BUY" else "iscid"
        if getattr(self, needed) is None:
            raise ValueError(f"{needed} is needed for {self.type}")
        return self


class OrderTransactionRequest(OptionalAccountRequest):
    intent: Literal["TRANSACTION"]
    order_config: Annotated[SecuritiesConfig | SmallcaseConfig, Field(discriminator="type")]

    @model_validator(mode="after")
    def _is_connected(self) -> Self:
        if needs_account(Intent.TRANSACTION, self.order_config.type) and self.smallcase_auth_id is None:
            raise ValueError(f"smallcaseAuthId is needed: {self.order_config.type} goes on in a linked account")
        return self

    @property
    def order(self) -> OrderRequest:
        config = self.order_config
        if isinstance(config, SmallcaseConfig):
            return OrderRequest(type=config.type, scid=config.scid, iscid=config.iscid)
        securities = tuple(_requested(security) for security in config.securities)
        return OrderRequest(config.type, securities, config.meta.order_name, config.meta.order_logo)

    def to_gateway(self, rules: OrderRules) -> dict[str, Any]:
        config = self.order_config
        if isinstance(config, SmallcaseConfig):
            return super().to_gateway(rules) | {"orderConfig": to_gateway_json(config)}
        securities = [_to_gateway(security, rules) for security in config.securities]
        order: dict[str, Any] = {"type": config.type, "securities": securities}
        meta = to_gateway_json(config.meta)
        beside = {"config": meta} if meta and "config" in rules.basket_meta else {}
        if meta and "meta" in rules.basket_meta:
            order["meta"] = meta
        return super().to_gateway(rules) | {"orderConfig": order} | beside


def _requested(security: SecurityOrder) -> RequestedSecurity:
    return RequestedSecurity(
        security.ticker,
        security.quantity,
        security.type,
        security.order_type,
        security.validity,
        security.price,
        security.trigger_price,
    )


def _to_gateway(security: SecurityOrder, rules: OrderRules) -> dict[str, Any]:
    """Limit fields are sent under the names that the operator has set (contract 12, question 4)."""
    wanted = to_gateway_json(security)
    plain = {name: wanted[name] for name in ("ticker", "quantity", "type") if name in wanted}
    return plain | {theirs: wanted[ours] for ours, theirs in rules.limit_fields.items() if ours in wanted}


class CancelOrderConfig(RequestModel):
    batch_id: Identifier
    ticker: Ticker


class CancelOrderRequest(OptionalAccountRequest):
    """Cancels one open stock of a batch of the user's."""

    intent: Literal["CANCEL_ORDER"]
    order_config: CancelOrderConfig

    @property
    def order(self) -> OrderRequest:
        return OrderRequest(batch_id=self.order_config.batch_id, ticker=self.order_config.ticker)

    def to_gateway(self, rules: OrderRules) -> dict[str, Any]:
        return super().to_gateway(rules) | {"orderConfig": to_gateway_json(self.order_config)}
