"""The one settings model: what template.yaml puts into the environment, checked when a worker starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache


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

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises: SettingMissing, naming the variable."""
        replay_window, retention = (
            _days(environment, "REPLAY_WINDOW_DAYS"),
            _days(environment, "RECEIPT_RETENTION_DAYS"),
        )
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
        )


@cache
def settings() -> Settings:
    return Settings.read(os.environ)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingMissing(f"{name} is not set: template.yaml gives it to every function")
    return value


def _days(environment: Mapping[str, str], name: str) -> timedelta:
    value = _required(environment, name)
    if not value.isdecimal():
        raise SettingMissing(f"{name} is {value!r}, not a whole number of days")
    return timedelta(days=int(value))
