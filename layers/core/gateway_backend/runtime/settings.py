"""The one settings model: what template.yaml puts into the environment, checked when a worker starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What every function has is checked at once; what only some have, when it is first used."""

    environment: Mapping[str, str] = field(repr=False)
    table_name: str
    gateway_secret_id: str
    gateway_base_url: str
    replay_window: timedelta
    receipt_retention: timedelta
    calendar_overrides: str
    refresh_delay: timedelta
    refresh_spread: timedelta
    refresh_floor: timedelta
    confirm_share: Decimal
    clock_url: str
    broker_capabilities: str
    after_market_orders: bool
    limit_order_fields: str
    basket_meta: str
    most_securities: int
    most_shares: int
    user_requests_per_minute: int

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
            environment=environment,
            table_name=_required(environment, "TABLE_NAME"),
            gateway_secret_id=_required(environment, "GATEWAY_SECRET_ID"),
            gateway_base_url=_required(environment, "GATEWAY_BASE_URL"),
            replay_window=replay_window,
            receipt_retention=retention,
            calendar_overrides=_given(environment, "CALENDAR_OVERRIDES"),
            refresh_delay=timedelta(minutes=_whole(environment, "REFRESH_DELAY_MINUTES")),
            refresh_spread=timedelta(minutes=_whole(environment, "REFRESH_SPREAD_MINUTES")),
            refresh_floor=timedelta(seconds=_whole(environment, "REFRESH_FLOOR_SECONDS")),
            confirm_share=Decimal(_whole(environment, "CONFIRM_SHRINK_PERCENT")) / 100,
            clock_url=_given(environment, "CLOCK_URL"),
            broker_capabilities=_given(environment, "BROKER_CAPABILITIES"),
            after_market_orders=_switch(environment, "AFTER_MARKET_ORDERS"),
            limit_order_fields=_given(environment, "LIMIT_ORDER_FIELDS"),
            basket_meta=_required(environment, "BASKET_META"),
            most_securities=_whole(environment, "MOST_SECURITIES"),
            most_shares=_whole(environment, "MOST_SHARES"),
            user_requests_per_minute=_whole(environment, "USER_REQUESTS_PER_MINUTE"),
        )

    def check(self) -> None:
        """Parse what is only parsed when it is used. Raises: SettingMissing."""
        from gateway_backend.domain.market.calendar import nse_calendar

        _ = self.brokers, self.order_rules
        try:
            nse_calendar(self.calendar_overrides)
        except ValueError as error:
            raise SettingMissing(f"CALENDAR_OVERRIDES: {error}") from None

    @property
    def webhook_queue_url(self) -> str:
        return _required(self.environment, "WEBHOOK_QUEUE_URL")

    @property
    def refresh_queue_url(self) -> str:
        return _required(self.environment, "REFRESH_QUEUE_URL")

    @property
    def event_bus_name(self) -> str:
        return _required(self.environment, "EVENT_BUS_NAME")

    # Parsed by the functions that need it, when they start: the others need not pay for the import.

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


def _given(environment: Mapping[str, str], name: str) -> str:
    """It may be empty, but the template must set it."""
    if name not in environment:
        raise SettingMissing(f"{name} is not set: template.yaml must give it to this function")
    return environment[name]


def _required(environment: Mapping[str, str], name: str) -> str:
    value = _given(environment, name)
    if not value:
        raise SettingMissing(f"{name} is empty")
    return value


def _whole(environment: Mapping[str, str], name: str) -> int:
    value = _required(environment, name)
    if not value.isdecimal():
        raise SettingMissing(f"{name} is {value!r}, not a whole number")
    return int(value)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = _given(environment, name)
    if value not in ("true", "false"):
        raise SettingMissing(f"{name} is {value!r}, neither true nor false")
    return value == "true"
