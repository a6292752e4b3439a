"""docs/sandbox.md names what there is to steer with, no more and no less."""

import re
from typing import get_args

import pytest

from sandbox import faults, player, postbacks
from tests.conftest import CHECKOUT

TOLD = (CHECKOUT / "docs" / "sandbox.md").read_text()


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("Outcomes", player.Outcome),
        ("Kinds of webhooks", postbacks.Kind),
        ("Modes", postbacks.Mode),
        ("Routes that can fail", faults.RouteName),
        ("Faults", faults.Kind),
    ],
)
def test_every_word_is_told(heading: str, known: object) -> None:
    listed = TOLD.split(f"{heading}: ", 1)[1].split(".", 1)[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(get_args(known))
