"""The one settings model: what template.yaml puts into the environment, checked when a worker starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway_backend.domain.market.brokers import Broker
    from gateway_backend.domain.orders.request import OrderRules


class SettingMissing(RuntimeError):
    """An environment variable that template.yaml must set is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class Settings:
    table_name: str
    gateway_secret_id: str
    gateway_base_url: str
    webhook_queue_url: str
    replay_window: timedelta
    receipt_retention: timedelta
    calendar_overrides: str
    refresh_queue_url: str = ""
    event_bus_name: str = ""
    refresh_delay: timedelta = timedelta(minutes=15)
    refresh_spread: timedelta = timedelta(minutes=20)
    refresh_floor: timedelta = timedelta(minutes=1)
    confirm_share: Decimal = Decimal("0.5")
    clock_url: str = ""
    broker_capabilities: str = ""
    after_market_orders: bool = True
    limit_order_fields: str = ""
    basket_meta: str = "meta"
    most_securities: int = 50
    most_shares: int = 100_000

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises: SettingMissing, naming the variable."""
        replay_window = timedelta(days=_whole(environment, "REPLAY_WINDOW_DAYS"))
        retention = timedelta(days=_whole(environment, "RECEIPT_RETENTION_DAYS"))
        if retention <= replay_window:
            raise SettingMissing(
                "RECEIPT_RETENTION_DAYS must be over REPLAY_WINDOW_DAYS: a forgotten webhook can be replayed"
            )
        return cls(
            table_name=_required(environment, "TABLE_NAME"),
            gateway_secret_id=_required(environment, "GATEWAY_SECRET_ID"),
            gateway_base_url=_required(environment, "GATEWAY_BASE_URL"),
            webhook_queue_url=environment.get("WEBHOOK_QUEUE_URL", ""),
            replay_window=replay_window,
            receipt_retention=retention,
            calendar_overrides=environment.get("CALENDAR_OVERRIDES", ""),
            refresh_queue_url=environment.get("REFRESH_QUEUE_URL", ""),
            event_bus_name=environment.get("EVENT_BUS_NAME", ""),
            refresh_delay=timedelta(minutes=_whole(environment, "REFRESH_DELAY_MINUTES")),
            refresh_spread=timedelta(minutes=_whole(environment, "REFRESH_SPREAD_MINUTES")),
            refresh_floor=timedelta(seconds=_whole(environment, "REFRESH_FLOOR_SECONDS")),
            confirm_share=Decimal(_whole(environment, "CONFIRM_SHRINK_PERCENT")) / 100,
            clock_url=environment.get("CLOCK_URL", ""),
            broker_capabilities=environment.get("BROKER_CAPABILITIES", ""),
            after_market_orders=_switch(environment, "AFTER_MARKET_ORDERS", default="true"),
            limit_order_fields=environment.get("LIMIT_ORDER_FIELDS", ""),
            basket_meta=_required(environment, "BASKET_META"),
            most_securities=_whole(environment, "MOST_SECURITIES"),
            most_shares=_whole(environment, "MOST_SHARES"),
        )

    # What follows is read by the functions that need it, when they start: the others need not pay for it.

    @property
    def brokers(self) -> "Mapping[str, Broker]":
        """What each broker can do, with the operator's corrections. Raises: SettingMissing."""
        from gateway_backend.domain.market.broker_corrections import capabilities

        try:
            return capabilities(self.broker_capabilities)
        except ValueError as error:
            raise SettingMissing(f"BROKER_CAPABILITIES: {error}") from None

    @property
    def order_rules(self) -> "OrderRules":
        """Raises: SettingMissing."""
        from gateway_backend.domain.orders.request import OrderRules

        try:
            limit_fields = OrderRules.parse_limit_fields(self.limit_order_fields)
        except ValueError as error:
            raise SettingMissing(f"LIMIT_ORDER_FIELDS: {error}") from None
        basket_meta = frozenset(self.basket_meta.split("+"))
        return OrderRules(self.most_securities, self.most_shares, limit_fields, basket_meta)


@cache
def settings() -> Settings:
    return Settings.read(os.environ)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingMissing(f"{name} is not set: template.yaml gives it to every function")
    return value


def _whole(environment: Mapping[str, str], name: str) -> int:
    value = _required(environment, name)
    if not value.isdecimal():
        raise SettingMissing(f"{name} is {value!r}, not a whole number")
    return int(value)


def _switch(environment: Mapping[str, str], name: str, *, default: str) -> bool:
    value = environment.get(name, default)
    if value not in ("true", "false"):
        raise SettingMissing(f"{name} is {value!r}, neither true nor false")
    return value == "true"
