"""What all of Gateway's answers have in common (contract 2.0)."""

from typing import Any

import pytest

from gateway_backend.contracts.shared.gateway_model import ResponseEnvelope


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (None, []),
        ("Invalid JWT", ["Invalid JWT"]),
        (["Invalid JWT", "TrxidExpired"], ["Invalid JWT", "TrxidExpired"]),
        ([], []),
        ("", []),
        ([{"message": "x"}], ["{'message': 'x'}"]),
    ],
)
def test_errors_may_be_null_a_text_or_a_list(errors: Any, expected: list[str]) -> None:
    assert ResponseEnvelope.model_validate({"success": False, "errors": errors}).errors == expected


@pytest.mark.parametrize("success", [False, None, "true", "yes", 1, 0, [], {}])
def test_only_true_is_success(success: Any) -> None:
    assert ResponseEnvelope.model_validate({"success": success}).success is False
    assert ResponseEnvelope.model_validate({}).success is False
    assert ResponseEnvelope.model_validate({"success": True, "errors": None, "errorType": "x"}).success is True
