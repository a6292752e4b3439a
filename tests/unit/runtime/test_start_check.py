"""Every function answers the call before its version gets traffic, without doing anything, or dies of its settings."""

from typing import Any

import pytest

from gateway_backend.runtime.settings import SettingMissing
from gateway_backend.runtime.start_check import START, STARTED
from testing.backend import Backend
from testing.template import folder
from testing.template_rules import FUNCTIONS

each_folder = pytest.mark.parametrize(
    "function", [folder(name) for name in FUNCTIONS if name != "CheckVersionFunction"]
)


@each_folder
def test_a_function_starts_and_does_nothing(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(monkeypatch)

    assert backend.handler(function)(dict(START), None) == STARTED
    assert (backend.table.items(), backend.sqs.sent, backend.gateway.calls) == ([], [], [])


@each_folder
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BROKER_CAPABILITIES", "groww~holdingsImport"),
        ("CALENDAR_OVERRIDES", "2027-03-10=shut"),
        ("LIMIT_ORDER_FIELDS", "price"),
        ("MOST_SHARES", "many"),
    ],
)
def test_a_mistyped_setting_stops_every_version_before_it_takes_a_call(
    function: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Backend(monkeypatch)
    backend.set(variable, value)

    def start() -> Any:
        return backend.handler(function)(dict(START), None)

    with pytest.raises((SettingMissing, ValueError)):
        start()
