"""docs/sandbox.md lists exactly what the control API accepts."""

import re
from typing import get_args

import pytest

from sandbox import faults, scenario
from sandbox.api import control
from sandbox.webhooks.webhook import WebhookKind, WebhookMode
from tests.conftest import CHECKOUT

DOCS = (CHECKOUT / "docs" / "sandbox.md").read_text()


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Outcomes", scenario.Outcome),
        ("Kinds of webhooks", WebhookKind),
        ("Modes", WebhookMode),
        ("Routes that can fail", faults.RouteName),
        ("Faults", faults.FaultName),
        ("Results on the order screen", scenario.OrderResult),
        ("Results of an open order", scenario.StepResult),
    ],
)
def test_all_values_are_listed(heading: str, values: object) -> None:
    listed = DOCS.split(f"{heading}: ", 1)[1].split(".", 1)[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(get_args(values))


def test_all_calls_are_listed() -> None:
    paths = {route.path.removeprefix("/_sandbox") for route in control.routes} - {"/health"}
    docs = DOCS.replace("{id}", "{transaction_id}").replace("{smallcaseAuthId}", "{auth_id}")
    docs = docs.replace("{batchId}", "{batch_id}")
    assert {path for path in paths if f" {path}" not in docs} == set()
