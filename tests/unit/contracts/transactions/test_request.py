"""What all requests for a transaction have in common, and the request for an import (contract 2.1)."""

from typing import Any

import pytest

from testing.transaction_requests import basket_of_reliance, refusal, sent


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"version": "v2"}),
        ({"version": "v1"}, {}),
        ({"assetConfig": {"mfHoldings": "true"}}, {"version": "v2", "assetConfig": {"mfHoldings": True}}),
    ],
)
def test_an_import_is_sent_as_the_contract_has_it(more: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sent({"intent": "HOLDINGS_IMPORT"} | more) == {"intent": "HOLDINGS_IMPORT"} | expected


@pytest.mark.parametrize("intent", ["ONBOARDING", "transaction", "CANCEL"])
def test_an_intent_that_is_not_offered_is_refused(intent: str) -> None:
    assert "intent" in refusal({"intent": intent})


def test_the_notes_of_the_app_are_not_sent() -> None:
    assert "notes" not in sent(basket_of_reliance() | {"notes": "for Asha's house"})
