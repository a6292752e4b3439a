"""What a completed transaction of every intent results in (contract 2.3, 2.5, 6.1)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import (
    ISCID,
    account_in,
    complete,
)
from tests.unit.sandbox.partner import Control, Partner


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_sdk_resolves_with_token_broker_and_transaction(
    control: Control, partner: Partner, auth_id: str, intent: str
) -> None:
    transaction_id = partner.new_transaction(intent=intent)
    resolved = complete(control, partner, transaction_id)
    token = {"smallcaseAuthToken": resolved["smallcaseAuthToken"]}
    assert resolved == token | {"broker": "groww", "transactionId": transaction_id}


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_token_is_that_of_the_account(control: Control, partner: Partner, auth_id: str, intent: str) -> None:
    resolved = complete(control, partner, partner.new_transaction(intent=intent))
    assert account_in(resolved["smallcaseAuthToken"]) == auth_id


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_details_contain_the_account(control: Control, partner: Partner, auth_id: str, intent: str) -> None:
    transaction_id = partner.new_transaction(intent=intent)
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["authId"] == auth_id


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_details_contain_a_token_of_the_account(
    control: Control, partner: Partner, auth_id: str, intent: str
) -> None:
    transaction_id = partner.new_transaction(intent=intent)
    control.run_scenario(transaction_id)
    assert account_in(partner.details(transaction_id)["success"]["smallcaseAuthToken"]) == auth_id


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_details_contain_the_notes(control: Control, partner: Partner, auth_id: str, intent: str) -> None:
    transaction_id = partner.new_transaction(intent=intent, notes="mine")
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["success"]["notes"] == "mine"


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_the_details_contain_no_error(control: Control, partner: Partner, auth_id: str, intent: str) -> None:
    transaction_id = partner.new_transaction(intent=intent)
    control.run_scenario(transaction_id)
    assert "error" not in partner.details(transaction_id)


def test_the_sdk_resolves_with_the_funds(control: Control, partner: Partner, auth_id: str) -> None:
    resolved = complete(control, partner, partner.new_intent("FETCH_FUNDS", auth_id))
    assert set(resolved) == {"smallcaseAuthToken", "transactionId", "funds"}


def test_without_a_scenario_there_are_some_funds(control: Control, partner: Partner, auth_id: str) -> None:
    assert complete(control, partner, partner.new_intent("FETCH_FUNDS", auth_id))["funds"] == 25310.55


def test_a_scenario_can_choose_the_funds(control: Control, partner: Partner, auth_id: str) -> None:
    assert complete(control, partner, partner.new_intent("FETCH_FUNDS", auth_id), funds=-0.07)["funds"] == -0.07


def test_the_details_contain_the_funds(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_intent("FETCH_FUNDS", auth_id)
    control.run_scenario(transaction_id, funds=-0.07)
    assert partner.details(transaction_id)["success"]["data"] == {"funds": -0.07}


def set_up_sip(control: Control, partner: Partner, auth_id: str, **sip: Any) -> dict[str, Any]:
    transaction_id = partner.new_intent("SIP_SETUP", auth_id, orderConfig={"iscid": ISCID})
    resolved: dict[str, Any] = complete(control, partner, transaction_id, sip=sip)
    return resolved


def test_the_sdk_resolves_with_the_sip(control: Control, partner: Partner, auth_id: str) -> None:
    assert set(set_up_sip(control, partner, auth_id)) == {"smallcaseAuthToken", "transactionId", "sipDetails"}


def test_a_sip_has_these_members(control: Control, partner: Partner, auth_id: str) -> None:
    assert set(set_up_sip(control, partner, auth_id)["sipDetails"]) == {
        "amount",
        "frequency",
        "iscid",
        "scheduledDate",
        "scid",
        "sipAction",
        "sipActive",
        "sipType",
    }


def test_a_sip_is_that_of_the_investment(control: Control, partner: Partner, auth_id: str) -> None:
    assert set_up_sip(control, partner, auth_id)["sipDetails"]["iscid"] == ISCID


def test_the_details_contain_the_sip(control: Control, partner: Partner, auth_id: str) -> None:
    resolved = set_up_sip(control, partner, auth_id)
    details = partner.details(resolved["transactionId"])
    assert details["success"]["data"] == {"sipDetails": resolved["sipDetails"]}


def test_a_scenario_can_change_the_sip(control: Control, partner: Partner, auth_id: str) -> None:
    changes = {"sipAction": "manage", "amount": 7000}
    sip = set_up_sip(control, partner, auth_id, **changes)["sipDetails"]
    assert {name: sip[name] for name in changes} == changes


def test_a_changed_sip_is_active(control: Control, partner: Partner, auth_id: str) -> None:
    assert set_up_sip(control, partner, auth_id, sipAction="manage")["sipDetails"]["sipActive"] is True


def test_an_ended_sip_has_fewer_members(control: Control, partner: Partner, auth_id: str) -> None:
    sip = set_up_sip(control, partner, auth_id, sipAction="end")["sipDetails"]
    assert sip == {"iscid": ISCID, "scid": "SCAW_0001", "sipAction": "end", "sipActive": False}


WITHOUT_RESULT: list[tuple[str, dict[str, Any], str]] = [
    ("AUTHORISE_HOLDINGS", {}, "status"),
    ("IMR_SETUP", {"orderConfig": {"iscid": ISCID}}, "broker"),
    ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, "broker"),
]


@pytest.mark.parametrize(("intent", "body", "member"), WITHOUT_RESULT)
def test_an_intent_without_a_result_resolves_with_little(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], member: str
) -> None:
    resolved = complete(control, partner, partner.new_intent(intent, auth_id, **body))
    assert set(resolved) == {"smallcaseAuthToken", "transactionId", member}


@pytest.mark.parametrize(("intent", "body"), [row[:2] for row in WITHOUT_RESULT])
def test_an_intent_without_a_result_has_a_token_in_its_details(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any]
) -> None:
    transaction_id = partner.new_intent(intent, auth_id, **body)
    control.run_scenario(transaction_id)
    assert account_in(partner.details(transaction_id)["success"]["smallcaseAuthToken"]) == auth_id


@pytest.mark.parametrize(("intent", "body"), [row[:2] for row in WITHOUT_RESULT])
def test_an_intent_without_a_result_has_no_data_in_its_details(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any]
) -> None:
    transaction_id = partner.new_intent(intent, auth_id, **body)
    control.run_scenario(transaction_id)
    assert "data" not in partner.details(transaction_id)["success"]


@pytest.mark.parametrize(("intent", "body"), [row[:2] for row in WITHOUT_RESULT])
def test_an_intent_without_a_result_sends_no_order(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any]
) -> None:
    transaction_id = partner.new_intent(intent, auth_id, **body)
    control.run_scenario(transaction_id)
    assert partner.details(transaction_id)["flags"] == {"isOrderRequested": False}
