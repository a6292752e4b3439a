"""What a transaction that moves money was begun with (contract 2.2, 2.3), and what may be begun."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from gateway_backend.domain.shared.errors import RequestInvalid

LIMIT_FIELDS = ("orderType", "validity", "price", "triggerPrice")


class RequestedSecurity(NamedTuple):
    """`ticker` is NSE's. What is None is left to the user, or to the broker's usual way."""

    ticker: str
    quantity: int | None = None
    side: str | None = None
    order_type: str | None = None
    validity: str | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class OrderRequest(NamedTuple):
    """What a transaction was begun with: `type` SECURITIES or one of the smallcase types (contract 2.2, 2.3).

    A cancellation names `batch_id` and `ticker`, and in `about` the transaction that placed the order.
    """

    type: str | None = None
    securities: tuple[RequestedSecurity, ...] = ()
    name: str | None = None
    logo: str | None = None
    scid: str | None = None
    iscid: str | None = None
    batch_id: str | None = None
    ticker: str | None = None
    about: str | None = None


class OrderRules(NamedTuple):
    """What the contract leaves open, as the operator has set it.

    `limit_fields`: our name of a limit-order field -> Gateway's; none: limit orders are not offered.
    `basket_meta`: where a basket's name and logo go, `meta` or `config` or both.
    """

    most_securities: int
    most_shares: int
    limit_fields: Mapping[str, str]
    basket_meta: frozenset[str]

    def check(self, order: OrderRequest) -> None:
        """Raises: RequestInvalid."""
        if len(order.securities) > self.most_securities:
            raise RequestInvalid(f"orderConfig.securities: at most {self.most_securities} in one basket; split it")
        for at, security in enumerate(order.securities):
            where = f"orderConfig.securities.{at}"
            if security.quantity and security.quantity > self.most_shares:
                raise RequestInvalid(f"{where}.quantity: at most {self.most_shares} shares in one order")
            missing = next((name for name in _limits_of(security) if name not in self.limit_fields), None)
            if missing:
                # A field that Gateway has no name for would be left out, and another order sent than was requested.
                raise RequestInvalid(
                    f"{where}.{missing}: limit orders are not set up here; leave it out, the user can still choose one"
                )

    @classmethod
    def parse_limit_fields(cls, text: str) -> dict[str, str]:
        """Such as `orderType=orderType price=limitPrice`. Raises: ValueError, naming the part that does not fit."""
        fields: dict[str, str] = {}
        for part in text.split():
            ours, equals, theirs = part.partition("=")
            if not equals or ours not in LIMIT_FIELDS or not theirs.isidentifier():
                raise ValueError(f"{part!r} is none of {', '.join(LIMIT_FIELDS)} with = and Gateway's name")
            fields[ours] = theirs
        if fields and "orderType" not in fields:
            raise ValueError("orderType must be among them: a price alone does not make a limit order")
        return fields


def _limits_of(security: RequestedSecurity) -> list[str]:
    """The fields of a limit order that were given."""
    given = (security.order_type, security.validity, security.price, security.trigger_price)
    return [name for name, value in zip(LIMIT_FIELDS, given, strict=True) if value not in (None, "MARKET")]


def is_limited(security: RequestedSecurity) -> bool:
    """Whether it asks for anything but a market order."""
    return bool(_limits_of(security))


class SellWarning(NamedTuple):
    """A SELL that the newest snapshot, of `as_of`, does not cover. It may be out of date: the order is not refused."""

    ticker: str
    transactable: int
    as_of: datetime

    @property
    def code(self) -> str:
        return "MORE_THAN_TRANSACTABLE" if self.transactable else "NOT_HELD"

    @property
    def text(self) -> str:
        if not self.transactable:
            return f"You held no shares of {self.ticker} that can be sold when we last looked."
        shares = "1 share" if self.transactable == 1 else f"{self.transactable} shares"
        return f"You held {shares} of {self.ticker} that can be sold when we last looked."


def uncovered(order: OrderRequest, transactable: Mapping[str, int], as_of: datetime) -> list[SellWarning]:
    """`transactable`: shares that can be sold, by NSE ticker."""
    sells = [security for security in order.securities if security.side == "SELL"]
    return [
        SellWarning(sell.ticker, transactable.get(sell.ticker, 0), as_of)
        for sell in sells
        if (sell.quantity or 1) > transactable.get(sell.ticker, 0)
    ]
