"""docs/sandbox.md names what there is to steer with, no more and no less."""

import re
from typing import get_args

import pytest

from sandbox import faults, scenario
from sandbox.api import control
from sandbox.webhooks.webhook import WebhookKind, WebhookMode
from tests.conftest import CHECKOUT

TOLD = (CHECKOUT / "docs" / "sandbox.md").read_text()


@pytest.mark.parametrize(
    ("heading", "known"),
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
def test_every_word_is_told(heading: str, known: object) -> None:
    listed = TOLD.split(f"{heading}: ", 1)[1].split(".", 1)[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(get_args(known))


def test_every_call_is_told() -> None:
    paths = {route.path.removeprefix("/_sandbox") for route in control.routes} - {"/health"}
    told = TOLD.replace("{id}", "{transaction_id}").replace("{smallcaseAuthId}", "{auth_id}")
    told = told.replace("{batchId}", "{batch_id}")
    assert {path for path in paths if f" {path}" not in told} == set()
