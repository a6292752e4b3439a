"""An import of mutual funds, which has no broker and whose data comes by webhook only (contract 2.4, 3.6)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import is_authentic
from tests.unit.sandbox.partner import Control, Partner

ASSETS = {"pan": "ABCDE1234F", "phone": "9999999999", "email": "a@example.com", "fromDate": "2020-01-01"}


@pytest.fixture
def transaction_id(partner: Partner, control: Control) -> str:
    return partner.new_intent("MF_HOLDINGS_IMPORT", assetConfig=ASSETS, notes="mine")


@pytest.fixture
def body(control: Control, partner: Partner, transaction_id: str) -> dict[str, Any]:
    """The body of the webhook."""
    control.call("POST", f"transactions/{transaction_id}/act")
    control.wait_for_deliveries(1)
    (body,) = partner.bodies
    return body


def test_the_sdk_resolves_without_data(control: Control, transaction_id: str) -> None:
    resolved = control.call("POST", f"transactions/{transaction_id}/act")["resolved"]
    assert resolved == {"transactionId": transaction_id, "notes": "mine"}


def test_the_transaction_completes(control: Control, partner: Partner, transaction_id: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act")
    assert partner.details(transaction_id)["status"] == "COMPLETED"


def test_the_details_contain_no_account(control: Control, partner: Partner, transaction_id: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act")
    assert partner.details(transaction_id)["authId"] is None


def test_the_details_contain_no_data(control: Control, partner: Partner, transaction_id: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act")
    assert partner.details(transaction_id)["success"] == {"transactionId": transaction_id, "notes": "mine"}


def test_the_webhook_is_authentic(body: dict[str, Any]) -> None:
    assert is_authentic(body)


def test_the_webhook_contains_no_account(body: dict[str, Any]) -> None:
    assert "smallcaseAuthId" not in body


def test_the_webhook_contains_the_notes(body: dict[str, Any]) -> None:
    assert body["notes"] == "mine"


def test_the_webhook_contains_the_investor_whom_a_partner_must_not_store(body: dict[str, Any]) -> None:
    assert set(body["data"]["payload"]["investorDetails"]) == {"pan", "email", "mobile", "name"}


def test_the_webhook_repeats_the_investor_in_every_scheme(body: dict[str, Any]) -> None:
    assert body["data"]["payload"]["dtSummary"][0]["pan"] == "ABCDE1234F"


def test_the_webhook_contains_units_with_their_digits(body: dict[str, Any]) -> None:
    assert body["data"]["payload"]["dtSummary"][0]["units"] == 153.482


@pytest.mark.usefixtures("auth_id")
def test_a_broker_in_the_scenario_is_ignored(control: Control, transaction_id: str) -> None:
    resolved = control.run_scenario(transaction_id, webhooks="drop")["resolved"]
    assert set(resolved) == {"transactionId", "notes"}


@pytest.mark.usefixtures("auth_id")
def test_an_account_in_the_scenario_is_ignored(control: Control, partner: Partner, transaction_id: str) -> None:
    control.run_scenario(transaction_id, webhooks="drop")
    assert partner.details(transaction_id)["authId"] is None


FAILURES = [("cancel_before_login", 1011), ("cancel_after_login", 1012), ("fail", 2000), ("expire", 1005)]


@pytest.mark.parametrize(("outcome", "code"), FAILURES)
def test_it_can_fail(control: Control, transaction_id: str, outcome: str, code: int) -> None:
    rejected = control.call("POST", f"transactions/{transaction_id}/act", outcome=outcome)["rejected"]
    assert rejected["code"] == code


@pytest.mark.parametrize("outcome", [outcome for outcome, _ in FAILURES])
def test_a_failure_has_no_data(control: Control, transaction_id: str, outcome: str) -> None:
    rejected = control.call("POST", f"transactions/{transaction_id}/act", outcome=outcome)["rejected"]
    assert "data" not in rejected


@pytest.mark.parametrize("outcome", [outcome for outcome, _ in FAILURES])
def test_a_failure_publishes_no_webhook(control: Control, transaction_id: str, outcome: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act", outcome=outcome, webhooks="hold")
    assert control.held_webhooks() == []


def test_its_webhook_can_be_held_back(control: Control, transaction_id: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act", webhooks="hold")
    (held,) = control.held_webhooks()
    assert held == {"id": held["id"], "kind": "mf", "transactionId": transaction_id, "status": None}


def test_its_held_webhook_can_be_released(control: Control, partner: Partner, transaction_id: str) -> None:
    control.call("POST", f"transactions/{transaction_id}/act", webhooks="hold")
    control.release(control.held_webhooks()[0]["id"])
    assert partner.bodies[0]["transactionId"] == transaction_id
