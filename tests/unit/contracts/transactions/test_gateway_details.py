"""The details of a transaction, in every place and spelling that Gateway may use (contract 2.1, 2.5)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from gateway_backend.contracts.transactions.gateway_details import CreatedTransaction, TransactionDetails
from gateway_backend.domain.transactions.report import Failure, Outcome, Report, Status


def details(**member: Any) -> TransactionDetails:
    return TransactionDetails.model_validate({"transactionDetails": {"status": "USED"} | member})


FACTS = {"status": "COMPLETED", "authId": "account-1", "broker": "kite"}
REPORT = Report("TRX_1", Status.COMPLETED, False, "account-1", "kite")


def report(success: Any, **more: Any) -> Report:
    return details(status="COMPLETED", success=success, **more).report("TRX_1", None)


def outcome(success: Any, **more: Any) -> Outcome:
    found = report(success, **more).outcome
    assert found is not None
    return found


def test_a_created_transaction_has_an_id_and_an_expiry() -> None:
    made = CreatedTransaction.model_validate(
        {"transactionId": "TRX_1", "expireAt": "2026-11-20T10:05:00.000Z", "new": 1}
    )

    assert made == CreatedTransaction.model_construct(
        transaction_id="TRX_1", expire_at=datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    )


@pytest.mark.parametrize("data", [None, {}, [], {"transactionId": "", "expireAt": "2026-11-20T10:05:00Z"}])
def test_a_created_transaction_without_an_id_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        CreatedTransaction.model_validate(data)


@pytest.mark.parametrize("expiry", [None, "", "soon", 5, [], "2026-11-20T10:05:00"])
def test_a_created_transaction_is_not_lost_for_its_expiry(expiry: Any) -> None:
    created = CreatedTransaction.model_validate({"transactionId": "TRX_1", "expireAt": expiry})

    assert (created.transaction_id, created.expire_at) == ("TRX_1", None)


@pytest.mark.parametrize("name", ["broker", "authId", "expired", "authToken", "error", "updatedAt", "flags", "success"])
@pytest.mark.parametrize("value", [5, [], {}, True, "x", "x" * 100_000])
def test_an_odd_member_does_not_hide_the_status(name: str, value: Any) -> None:
    assert details(**{name: value}).status is Status.USED


def test_a_long_message_is_cut_to_what_can_be_stored() -> None:
    failure = details(error={"code": 2000, "message": "m" * 400_000}).report("TRX_1", None).failure

    assert failure is not None
    assert len(failure.message) == 200


@pytest.mark.parametrize("amount", ["1e-999999", "1e20000000", "9" * 100])
def test_absurd_funds_count_as_missing(amount: str) -> None:
    assert report({"data": {"funds": Decimal(amount)}}).outcome is None


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
def test_details_are_found_at_any_nesting(data: dict[str, Any]) -> None:
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
def test_the_token_is_found_in_any_of_its_places(member: dict[str, Any]) -> None:
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
        ("consent_denied", Failure(1003, "consent_denied")),
        ({"value": True, "message": "market_closed"}, Failure(4004, "market_closed")),
        ("", None),
        ({}, None),
        ([], None),
        (False, None),
        (None, None),
    ],
)
def test_an_error_counts_unless_its_value_is_false(error: Any, failure: Failure | None) -> None:
    assert details(status="ERRORED", error=error).report("TRX_1", None).failure == failure


@pytest.mark.parametrize("status", list(Status))
def test_every_documented_status_is_recognised(status: Status) -> None:
    assert details(status=status.value).status is status


@pytest.mark.parametrize("status", ["?", "IN_REVIEW", "completed", ""])
def test_an_undocumented_status_counts_as_processing(status: str) -> None:
    assert details(status=status).status is Status.PROCESSING


@pytest.mark.parametrize(
    "data", [None, {}, [], "text", {"transactionDetails": {}}, {"transactionDetails": {"status": 5}}]
)
def test_details_without_a_status_are_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        TransactionDetails.model_validate(data)


# The outcome -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["funds", "fund"])
@pytest.mark.parametrize(
    ("amount", "funds"),
    [
        (Decimal("1200.50"), "1200.50"),
        (0, "0"),
        ("1200.50", "1200.50"),
        (Decimal("-36.65253999999927"), "-36.65253999999927"),
    ],
)
def test_funds_are_exact_in_any_place(name: str, amount: Any, funds: str) -> None:
    for success in ({"data": {name: amount}}, {name: amount}):
        assert str(outcome(success).funds) == funds


@pytest.mark.parametrize("amount", ["many", None, [], "NaN", "Infinity", {}])
def test_an_invalid_amount_counts_as_missing(amount: Any) -> None:
    assert report({"data": {"funds": amount}}).outcome is None


def test_funds_are_as_of_gateways_last_update() -> None:
    found = outcome({"data": {"funds": 1}}, updatedAt="2026-11-20T10:05:00.000Z")

    assert found.funds_at == datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    assert outcome({"data": {"funds": 1}}, updatedAt="yesterday").funds_at is None
    assert outcome({"data": {"iscid": "5d94"}}, updatedAt="2026-11-20T10:05:00.000Z").funds_at is None


@pytest.mark.parametrize(
    ("spelling", "active"), [("YES", True), ("NO", False), (True, True), (False, False), ("true", True)]
)
def test_a_sip_is_parsed_in_every_platforms_spelling(spelling: Any, active: bool) -> None:
    plan = {"amount": Decimal("5000.00"), "frequency": "1m", "iscid": "5d94", "scid": "SCNM_1", "sipType": "auto"}

    for success in (
        {"data": {"sipDetails": plan | {"sipActive": spelling}}},
        {"sipDetails": plan | {"sipActive": spelling}},
    ):
        assert outcome(success).sip == plan | {"sipActive": active}


def test_an_ended_sip_keeps_its_valid_members_only() -> None:
    ended = {"iscid": "5d94", "scid": "SCNM_1", "sipAction": "end", "sipActive": "perhaps", "amount": None}

    assert outcome({"sipDetails": ended}).sip == {"iscid": "5d94", "scid": "SCNM_1", "sipAction": "end"}


def test_a_new_investment_is_named() -> None:
    found = outcome({"data": {"scid": "SCNM_1", "iscid": "5d94", "name": "Magic", "source": "x", "imageUrl": "y"}})

    assert (found.scid, found.iscid, found.name) == ("SCNM_1", "5d94", "Magic")


@pytest.mark.parametrize("success", [None, "text", [], {}, {"data": {}}, {"data": {"iscid": 5, "name": "x" * 201}}])
def test_a_success_without_known_members_has_no_outcome(success: Any) -> None:
    assert report(success).outcome is None


@pytest.mark.parametrize("place", ["batches", "orderBatches"])
def test_batches_are_passed_on_unchanged(place: str) -> None:
    batch = {"batchId": "batch-1", "status": "PLACED", "new": 1}

    for success in ({"data": {place: [batch, {"no": "batch"}, None]}}, {place: [batch]}):
        assert list(report(success).batches) == [batch]


@pytest.mark.parametrize("success", [{"data": {"batches": None}}, {"batches": {"batchId": "1"}}, {}, None])
def test_batches_that_are_no_list_are_ignored(success: Any) -> None:
    assert list(report(success).batches) == []


@pytest.mark.parametrize(
    ("flags", "requested"),
    [
        ({"isOrderRequested": True}, True),
        ({"isOrderRequested": False}, False),
        ({"isOrderRequested": "true"}, False),
        ({}, False),
        (None, False),
        ([], False),
    ],
)
def test_an_order_counts_as_sent_by_gateways_flag_only(flags: Any, requested: bool) -> None:
    assert details(flags=flags).report("TRX_1", None).order_requested is requested
