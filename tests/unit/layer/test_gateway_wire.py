"""Gateway's answers are read wherever the contract leaves open where things are (§2.0, §2.1, §2.5)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gateway_backend.contracts.gateway_wire import CreatedTransaction, Envelope, TransactionDetails
from gateway_backend.domain.transactions import Failure, Report, Status


def details(**member: Any) -> TransactionDetails:
    return TransactionDetails.model_validate({"transactionDetails": {"status": "USED"} | member})


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
    assert Envelope.model_validate({"success": False, "errors": errors}).errors == expected


@pytest.mark.parametrize("success", [False, None, "true", "yes", 1, 0, [], {}])
def test_only_true_is_success(success: Any) -> None:
    assert Envelope.model_validate({"success": success}).success is False
    assert Envelope.model_validate({}).success is False
    assert Envelope.model_validate({"success": True, "errors": None, "errorType": "x"}).success is True


def test_a_created_transaction_has_an_id_and_an_end() -> None:
    made = CreatedTransaction.model_validate(
        {"transactionId": "TRX_1", "expireAt": "2026-11-20T10:05:00.000Z", "new": 1}
    )

    assert made == CreatedTransaction.model_construct(
        transaction_id="TRX_1", expire_at=datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "data", [None, {}, [], {"transactionId": "", "expireAt": "2026-11-20T10:05:00Z"}, {"transactionId": "TRX_1"}]
)
def test_anything_less_is_no_created_transaction(data: Any) -> None:
    with pytest.raises(ValidationError):
        CreatedTransaction.model_validate(data)


FACTS = {"status": "COMPLETED", "authId": "account-1", "broker": "kite"}
REPORT = Report("TRX_1", Status.COMPLETED, False, "account-1", "kite")


@pytest.mark.parametrize(
    "data",
    [
        {"transactionDetails": FACTS},
        {"transaction": FACTS},
        FACTS,
        {"transactionDetails": {"status": "COMPLETED", "smallcaseAuthId": "account-1", "success": {"broker": "kite"}}},
        {"transactionDetails": FACTS | {"smallcaseAuthId": None}},
        {"transactionDetails": FACTS | {"broker": None, "success": {"broker": "kite"}}},
        {"transactionDetails": FACTS | {"error": None, "expired": None, "success": None, "orderConfig": {"a": [1]}}},
        {"transactionDetails": FACTS | {"error": {"value": False, "code": None, "message": None}}},
        {"transactionDetails": FACTS | {"error": {}} | {"error": {"value": False}}},
        {"transactionDetails": None, "transaction": FACTS},
    ],
)
def test_details_are_found_wherever_they_are_nested(data: dict[str, Any]) -> None:
    found = TransactionDetails.model_validate(data)

    assert found.report("TRX_1", found.account_id) == REPORT


@pytest.mark.parametrize(
    "member",
    [
        {"success": {"smallcaseAuthToken": "ey.a.b"}},
        {"smallcaseAuthToken": "ey.a.b"},
        {"authToken": "ey.a.b"},
        {"smallcaseAuthToken": None, "authToken": "ey.a.b"},
    ],
)
def test_the_token_is_found_in_each_of_its_places(member: dict[str, Any]) -> None:
    assert details(**member).token == "ey.a.b"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"value": True, "code": 1003, "message": "consent_denied"}, Failure(1003, "consent_denied")),
        ({"value": True, "code": "1003", "message": "consent_denied"}, Failure(1003, "consent_denied")),
        ({"code": 1003, "message": "consent_denied"}, Failure(1003, "consent_denied")),
        ({"value": True}, Failure(2000, "internal_error")),
        ({"value": True, "code": None, "message": None}, Failure(2000, "internal_error")),
        ({"value": False, "code": 1003, "message": "consent_denied"}, None),
        ({"value": True, "code": "E_LOGIN", "message": "no"}, Failure(2000, "no")),
        ({"value": True, "code": -1, "message": "no"}, Failure(2000, "no")),
        ({"value": True, "code": True, "message": "no"}, Failure(2000, "no")),
        ({"value": True, "code": "9" * 30, "message": "no"}, Failure(2000, "no")),
        ({"value": True, "code": [1003], "message": 5}, Failure(2000, "5")),
        ("consent_denied", Failure(2000, "consent_denied")),
        ("", None),
        ({}, None),
        ([], None),
        (False, None),
        (None, None),
    ],
)
def test_an_error_counts_unless_it_says_that_it_does_not(error: Any, failure: Failure | None) -> None:
    assert details(status="ERRORED", error=error).report("TRX_1", None).failure == failure


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_known(status: Status) -> None:
    assert details(status=status.value).status is status


@pytest.mark.parametrize("status", ["?", "IN_REVIEW", "completed", ""])
def test_a_status_of_tomorrow_is_one_that_something_may_still_follow(status: str) -> None:
    assert details(status=status).status is Status.PROCESSING


@pytest.mark.parametrize(
    "data", [None, {}, [], "text", {"transactionDetails": {}}, {"transactionDetails": {"status": 5}}]
)
def test_what_names_no_status_does_not_fit(data: Any) -> None:
    with pytest.raises(ValidationError):
        TransactionDetails.model_validate(data)
