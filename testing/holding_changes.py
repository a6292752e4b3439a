"""What changed between two portfolios of a single account, for tests that state a change in a line."""

from collections.abc import Sequence
from typing import Any

from gateway_backend.domain.holdings.changes import Kind, compare
from gateway_backend.domain.holdings.portfolio import MutualFund, Security
from testing.builders import account

NEW_PNB = "INE160A01030"
"""Another ISIN for Punjab National Bank, as after a split of its face value."""

Held = Security | MutualFund


def changes(before: Sequence[Held], after: Sequence[Held]) -> list[dict[str, Any]]:
    return compare([account("a", *before)], [account("a", *after)])


def change(before: Held | None, after: Held | None) -> dict[str, Any]:
    """The only change between one holding, or none, and another."""
    (only,) = changes([before] if before else [], [after] if after else [])
    return only


def kinds(before: Sequence[Held], after: Sequence[Held]) -> list[tuple[Kind, str | None]]:
    return [(found["kind"], found["isin"]) for found in changes(before, after)]
