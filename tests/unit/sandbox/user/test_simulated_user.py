"""The simulated user: how transactions end without success, and which scenarios are impossible (contract 5.5, 5.6)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS, account_in, place_open
from tests.unit.sandbox.partner import Control, Partner

# outcome, message, code, status afterwards, whether the user has logged in
IMPORT_FAILURES: list[tuple[str, str, int, str, bool]] = [
    ("deny_consent", "consent_denied", 1003, "ERRORED", True),
    ("cancel_choosing", "user_cancelled", 1010, "INITIALIZED", False),
    ("cancel_before_login", "user_cancelled", 1011, "INITIALIZED", False),
    ("cancel_after_login", "user_cancelled", 1012, "USED", True),
    ("no_broker", "no_broker", 1006, "ERRORED", False),
    ("expire", "transaction_expired", 1005, "INITIALIZED", False),
    ("fail", "holdings_import_error", 2001, "ERRORED", True),
]
OUTCOMES = [outcome for outcome, *_ in IMPORT_FAILURES]
LOGGED_IN = [outcome for outcome, *_, logged_in in IMPORT_FAILURES if logged_in]
NOT_LOGGED_IN = [outcome for outcome, *_, logged_in in IMPORT_FAILURES if not logged_in]


def fail(control: Control, partner: Partner, outcome: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the SDK rejects with, and the details afterwards."""
    transaction_id = partner.new_transaction()
    rejected = control.run_scenario(transaction_id, outcome)["rejected"]
    return rejected, partner.details(transaction_id)


@pytest.mark.parametrize(("outcome", "message", "code"), [row[:3] for row in IMPORT_FAILURES])
def test_the_sdk_rejects_with_the_error(
    control: Control, partner: Partner, auth_id: str, outcome: str, message: str, code: int
) -> None:
    rejected, _ = fail(control, partner, outcome)
    assert {name: rejected[name] for name in ("message", "code")} == {"message": message, "code": code}


@pytest.mark.parametrize(("outcome", "status"), [(row[0], row[3]) for row in IMPORT_FAILURES])
def test_a_failure_leaves_the_transaction_in_this_status(
    control: Control, partner: Partner, auth_id: str, outcome: str, status: str
) -> None:
    assert fail(control, partner, outcome)[1]["status"] == status


@pytest.mark.parametrize(("outcome", "message", "code"), [row[:3] for row in IMPORT_FAILURES if row[3] == "ERRORED"])
def test_the_details_contain_the_error(
    control: Control, partner: Partner, auth_id: str, outcome: str, message: str, code: int
) -> None:
    error = {"value": True, "message": message, "code": code}
    assert fail(control, partner, outcome)[1]["error"] == error


@pytest.mark.parametrize("outcome", [row[0] for row in IMPORT_FAILURES if row[3] != "ERRORED"])
def test_a_user_who_leaves_causes_no_error_in_the_details(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    assert "error" not in fail(control, partner, outcome)[1]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_failure_is_no_success(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    assert "success" not in fail(control, partner, outcome)[1]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_an_expired_transaction_is_expired(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    assert fail(control, partner, outcome)[1]["expired"] is (outcome == "expire")


@pytest.mark.parametrize("outcome", LOGGED_IN)
def test_after_a_login_the_sdk_gets_a_token_of_the_account(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    rejected, _ = fail(control, partner, outcome)
    assert account_in(rejected["data"]["smallcaseAuthToken"]) == auth_id


@pytest.mark.parametrize("outcome", LOGGED_IN)
def test_after_a_login_the_sdk_gets_the_broker(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    assert fail(control, partner, outcome)[0]["data"]["broker"] == "groww"


@pytest.mark.parametrize("outcome", LOGGED_IN)
def test_after_a_login_the_details_contain_the_account(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    assert fail(control, partner, outcome)[1]["authId"] == auth_id


@pytest.mark.parametrize("outcome", NOT_LOGGED_IN)
def test_without_a_login_the_sdk_gets_no_data(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    assert "data" not in fail(control, partner, outcome)[0]


@pytest.mark.parametrize("outcome", NOT_LOGGED_IN)
def test_without_a_login_the_details_contain_no_account(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    assert fail(control, partner, outcome)[1]["authId"] is None


def test_a_failed_connect_is_an_internal_error(control: Control, partner: Partner, auth_id: str) -> None:
    rejected = control.run_scenario(partner.new_transaction(intent="CONNECT"), "fail")["rejected"]
    assert {name: rejected[name] for name in ("message", "code")} == {"message": "internal_error", "code": 2000}


@pytest.mark.parametrize("outcome", ["complete", "wrong_account"])
def test_another_account_than_the_connected_account_is_a_mismatch(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    transaction_id = partner.new_transaction(control.put_account("ZZ9999"))
    rejected = control.run_scenario(transaction_id, outcome)["rejected"]
    assert rejected == {"message": "user_mismatch", "code": 1001}


@pytest.mark.parametrize("outcome", ["complete", "wrong_account"])
def test_the_details_contain_no_mismatched_account(
    control: Control, partner: Partner, auth_id: str, outcome: str
) -> None:
    transaction_id = partner.new_transaction(control.put_account("ZZ9999"))
    control.run_scenario(transaction_id, outcome)
    assert partner.details(transaction_id)["authId"] is None


def test_a_mismatch_counts_more_than_a_closed_market(control: Control, partner: Partner, auth_id: str) -> None:
    control.put_account("ZZ9999")
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_smallcase_order("SIP", auth_id, iscid="5f2d22636678954954f29a2d")
    rejected = control.run_scenario(transaction_id, account="ZZ9999")["rejected"]
    assert rejected == {"message": "user_mismatch", "code": 1001}


USED_UP = {"rejected": {"message": "transaction_expired", "code": 3001}}


def test_a_completed_transaction_is_used_up(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id)
    assert control.run_scenario(transaction_id) == USED_UP


def test_a_second_scenario_leaves_a_completed_transaction_as_it_was(
    control: Control, partner: Partner, auth_id: str
) -> None:
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id)
    before = partner.details(transaction_id) | {"success": None}
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id) | {"success": None} == before


def test_a_second_scenario_publishes_no_webhook(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id, webhooks="hold")
    control.run_scenario(transaction_id, webhooks="hold")
    assert len(control.held_webhooks()) == 1


def test_a_user_who_left_after_the_login_cannot_continue(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id, "cancel_after_login")
    assert control.run_scenario(transaction_id) == USED_UP


def test_a_user_who_left_before_the_login_can_continue(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction()
    control.run_scenario(transaction_id, "cancel_before_login")
    assert "resolved" in control.run_scenario(transaction_id)


def test_until_its_end_a_transaction_is_not_expired(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_transaction()
    control.advance("PT4M")
    assert partner.details(transaction_id)["expired"] is False


def test_after_its_end_a_transaction_is_expired(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_transaction()
    control.advance("PT5M")
    assert partner.details(transaction_id)["expired"] is True


def test_an_expired_transaction_keeps_its_status(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_transaction()
    control.advance("PT5M")
    assert partner.details(transaction_id)["status"] == "INITIALIZED"


def test_an_expired_transaction_is_used_up(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction()
    control.advance("PT5M")
    assert control.run_scenario(transaction_id) == USED_UP


# outcome, message, code, whether the user has logged in
ORDER_FAILURES = [
    ("insufficient_holdings", "insufficient_holdings", 1004, True),
    ("market_closed", "market_closed", 4004, False),
    ("cancel_after_login", "user_cancelled", 1012, True),
    ("fail", "internal_error", 2000, True),
]


@pytest.mark.parametrize(("outcome", "message", "code", "logged_in"), ORDER_FAILURES)
def test_the_sdk_rejects_an_order_with_the_error(
    control: Control, partner: Partner, auth_id: str, outcome: str, message: str, code: int, logged_in: bool
) -> None:
    rejected = control.run_scenario(partner.new_order(TCS), outcome)["rejected"]
    assert rejected | {"data": None} == {"message": message, "code": code, "data": None}


@pytest.mark.parametrize(("outcome", "logged_in"), [(row[0], row[3]) for row in ORDER_FAILURES])
def test_the_sdk_gets_data_of_an_order_after_a_login_only(
    control: Control, partner: Partner, auth_id: str, outcome: str, logged_in: bool
) -> None:
    assert ("data" in control.run_scenario(partner.new_order(TCS), outcome)["rejected"]) is logged_in


@pytest.mark.parametrize("outcome", [row[0] for row in ORDER_FAILURES])
def test_a_failed_order_was_not_sent(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, outcome)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": False}


@pytest.mark.parametrize("outcome", [row[0] for row in ORDER_FAILURES])
def test_a_failed_order_has_no_batch(control: Control, partner: Partner, auth_id: str, outcome: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, outcome)
    assert partner.batch(transaction_id) is None


def test_a_pending_order_is_rejected_by_the_sdk(control: Control, partner: Partner, auth_id: str) -> None:
    rejected = control.run_scenario(partner.new_order(TCS), "order_pending")["rejected"]
    assert rejected | {"data": None} == {"message": "order_pending", "code": 4006, "data": None}


def test_a_pending_order_has_a_token_of_the_account(control: Control, partner: Partner, auth_id: str) -> None:
    rejected = control.run_scenario(partner.new_order(TCS), "order_pending")["rejected"]
    assert account_in(rejected["data"]["smallcaseAuthToken"]) == auth_id


def test_a_pending_order_is_in_the_details_as_an_error(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, "order_pending")
    assert partner.details(transaction_id)["error"]["code"] == 4006


def test_a_pending_order_leaves_its_transaction_errored(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, "order_pending")
    assert partner.details(transaction_id)["status"] == "ERRORED"


ANY_ERROR = {"message": "order_in_queue", "code": 1000}


def test_a_scenario_can_choose_the_error(control: Control, partner: Partner, auth_id: str) -> None:
    rejected = control.run_scenario(partner.new_order(TCS), "fail", error=ANY_ERROR)["rejected"]
    assert rejected | {"data": None} == ANY_ERROR | {"data": None}


def test_the_details_contain_the_chosen_error(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    control.run_scenario(transaction_id, "fail", error=ANY_ERROR)
    assert partner.details(transaction_id)["error"] == {"value": True} | ANY_ERROR


def test_a_smallcase_order_in_a_closed_market_fails_after_the_login(
    control: Control, partner: Partner, auth_id: str
) -> None:
    transaction_id = partner.new_smallcase_order("BUY", scid="SCAW_0001")
    rejected = control.run_scenario(transaction_id, "market_closed")["rejected"]
    assert account_in(rejected["data"]["smallcaseAuthToken"]) == auth_id


def test_an_order_that_was_filled_in_the_meantime_is_not_cancelled(
    control: Control, partner: Partner, auth_id: str
) -> None:
    batch = place_open(control, partner)
    config = {"batchId": batch["batchId"], "ticker": "TCS"}
    transaction_id = partner.new_intent("CANCEL_ORDER", auth_id, orderConfig=config)
    control.step(batch["batchId"], "TCS", "fill")
    assert control.run_scenario(transaction_id)["rejected"]["code"] == 2000


@pytest.mark.parametrize(
    ("scenario", "status", "detail"),
    [
        ({"broker": "groww", "account": "NOBODY"}, 404, "PUT /_sandbox/accounts/groww/NOBODY"),
        ({"outcome": "complete"}, 400, "broker and account"),
        ({"broker": "groww"}, 400, "both"),
        ({"outcome": "market_closed"}, 400, "only orders"),
        ({"outcome": "insufficient_holdings"}, 400, "only orders"),
        ({"outcome": "order_pending"}, 400, "only orders"),
        ({"orders": {"TCS": {"result": "fill"}}}, 400, "no orders"),
        ({"outcome": "wrong_account"}, 400, "connected"),
        ({"error": {"message": "x", "code": 1}}, 400, "fail"),
        ({"outcome": "win"}, 400, "outcome"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
def test_an_impossible_scenario_of_an_import_is_explained(
    control: Control, partner: Partner, scenario: dict[str, Any], status: int, detail: str
) -> None:
    answer = control.try_scenario(partner.new_transaction(), **scenario)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]


def test_a_transaction_that_does_not_exist_is_explained(control: Control) -> None:
    assert control.try_scenario("TRX_0").status_code == 404
