"""Faults make a number of calls fail; afterwards calls succeed again."""

import json
from typing import Any

import httpx
import pytest

from tests.unit.sandbox.examples import AUTH_ID, ISCID, TCS, import_holdings, place, put_zerodha_account
from tests.unit.sandbox.faults import add_fault, data_with, fetch_with, transactions_in
from tests.unit.sandbox.partner import SETTINGS, Control, Partner


@pytest.fixture
def before(control: Control, partner: Partner) -> dict[str, Any]:
    """The holdings of an account that has imported an hour ago."""
    control.put_account(smallcaseAuthId=AUTH_ID)
    import_holdings(control, partner)
    control.advance(3600)
    return partner.holdings(AUTH_ID)


@pytest.mark.usefixtures("before")
def test_faults_strike_in_their_order(control: Control, partner: Partner) -> None:
    add_fault(control, "error_500", times=2)
    add_fault(control, "rate_limit")
    statuses = [partner.fetch_holdings(AUTH_ID, version="v2").status_code for _ in range(4)]
    assert statuses == [500, 500, 429, 200]


def test_the_call_answers_the_faults_that_wait(control: Control) -> None:
    add_fault(control, "error_500", times=2)
    assert [fault["times"] for fault in add_fault(control, "rate_limit")] == [2, 1]


@pytest.mark.usefixtures("before")
def test_a_fault_that_has_struck_no_longer_waits(control: Control, partner: Partner) -> None:
    fetch_with(control, partner, "error_500")
    assert control.call("GET", "faults") == {"faults": []}


def test_a_fault_of_another_route_does_not_strike(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    add_fault(control, "error_500", route="transactiondetails")
    assert partner.holdings(AUTH_ID) == before


def test_a_deleted_fault_does_not_strike(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    add_fault(control, "error_500", times=9)
    control.call("DELETE", "faults")
    assert partner.holdings(AUTH_ID) == before


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(("fault", "status"), [("error_500", 500), ("error_403", 403), ("rate_limit", 429)])
def test_a_refusal_has_its_status(control: Control, partner: Partner, fault: str, status: int) -> None:
    assert fetch_with(control, partner, fault).status_code == status


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("fault", ["error_500", "error_403", "rate_limit"])
def test_a_refusal_is_no_success(control: Control, partner: Partner, fault: str) -> None:
    assert fetch_with(control, partner, fault).json()["success"] is False


@pytest.mark.parametrize("fault", ["error_500", "error_403", "rate_limit", "empty_portfolio"])
def test_after_a_fault_the_call_succeeds(
    control: Control, partner: Partner, before: dict[str, Any], fault: str
) -> None:
    fetch_with(control, partner, fault)
    assert partner.holdings(AUTH_ID) == before


@pytest.mark.usefixtures("before")
def test_a_html_page_comes_with_status_200(control: Control, partner: Partner) -> None:
    answer = fetch_with(control, partner, "html")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.usefixtures("before")
def test_a_failure_can_come_with_status_200(control: Control, partner: Partner) -> None:
    answer = fetch_with(control, partner, "success_false")
    assert answer.status_code == 200
    assert answer.json() == {"success": False, "errors": "Something went wrong"}


@pytest.mark.usefixtures("before")
def test_a_truncated_answer_comes_with_status_200(control: Control, partner: Partner) -> None:
    assert fetch_with(control, partner, "truncated").status_code == 200


@pytest.mark.usefixtures("before")
def test_a_truncated_answer_is_not_json(control: Control, partner: Partner) -> None:
    answer = fetch_with(control, partner, "truncated")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.usefixtures("before")
def test_a_truncated_answer_begins_as_usual(control: Control, partner: Partner) -> None:
    assert fetch_with(control, partner, "truncated").text.startswith('{"success":true')


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("fault", ["slow", "timeout"])
def test_a_slow_answer_takes_its_time(control: Control, partner: Partner, fault: str) -> None:
    assert fetch_with(control, partner, fault, seconds=0.05).elapsed.total_seconds() >= 0.05


@pytest.mark.parametrize("fault", ["slow", "timeout"])
def test_a_slow_answer_is_complete(control: Control, partner: Partner, before: dict[str, Any], fault: str) -> None:
    assert data_with(control, partner, fault, seconds=0.05) == before


@pytest.mark.usefixtures("before")
def test_a_fault_of_an_account_waits_for_its_calls(control: Control, partner: Partner) -> None:
    other = put_zerodha_account(control, partner)
    add_fault(control, "error_500", smallcaseAuthId=other, times=2)
    add_fault(control, "rate_limit")
    callers = (AUTH_ID, AUTH_ID, None, other, other, other)
    statuses = [partner.fetch_holdings(auth_id).status_code for auth_id in callers]
    assert statuses == [429, 200, 403, 500, 500, 200]


def test_a_fault_of_an_account_is_listed_with_it(control: Control) -> None:
    fault = {"route": "holdings", "fault": "error_500", "times": 2, "smallcaseAuthId": AUTH_ID}
    assert control.call("PUT", "faults", **fault) == {"faults": [fault]}


DETAILS_FAULT = {"fault": "error_500", "route": "transactiondetails", "smallcaseAuthId": AUTH_ID}


@pytest.mark.usefixtures("before")
def test_before_a_login_a_transaction_concerns_no_account(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_transaction()
    add_fault(control, **DETAILS_FAULT)
    assert partner.fetch_details(transaction_id).status_code == 200


@pytest.mark.usefixtures("before")
def test_after_a_login_a_transaction_concerns_its_account(control: Control, partner: Partner) -> None:
    transaction_id = import_holdings(control, partner)
    add_fault(control, **DETAILS_FAULT)
    assert partner.fetch_details(transaction_id).status_code == 500


@pytest.mark.usefixtures("before")
def test_a_transaction_of_a_connected_user_concerns_the_account_at_once(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_transaction(AUTH_ID)
    add_fault(control, **DETAILS_FAULT)
    assert partner.fetch_details(transaction_id).status_code == 500


@pytest.mark.usefixtures("before")
def test_a_call_with_a_connected_token_concerns_its_account(control: Control, partner: Partner) -> None:
    add_fault(control, **DETAILS_FAULT)
    assert partner.fetch_details("TRX_0", AUTH_ID).status_code == 500


def fetch_with_forged_token(partner: Partner) -> httpx.Response:
    headers = partner.headers(x_gateway_authtoken=partner.token(AUTH_ID, secret="f" * 32))
    answer: httpx.Response = partner.client.get(f"/v1/{SETTINGS.gateway_name}/engine/user/holdings", headers=headers)
    return answer


@pytest.mark.usefixtures("before")
def test_an_invalid_token_stays_forbidden(control: Control, partner: Partner) -> None:
    add_fault(control, "error_500", smallcaseAuthId=AUTH_ID)
    assert fetch_with_forged_token(partner).status_code == 403


@pytest.mark.usefixtures("before")
def test_an_invalid_token_uses_up_no_fault(control: Control, partner: Partner) -> None:
    add_fault(control, "error_500", smallcaseAuthId=AUTH_ID)
    fetch_with_forged_token(partner)
    assert partner.fetch_holdings(AUTH_ID).status_code == 500


def test_a_fault_does_not_hide_a_wrong_secret(control: Control, partner: Partner) -> None:
    add_fault(control, "empty_portfolio")
    path = f"/v1/{SETTINGS.gateway_name}/engine/user/holdings"
    answer = partner.client.get(path, headers=partner.headers(x_gateway_secret="guess"))
    assert answer.status_code == 403


@pytest.mark.usefixtures("before")
def test_a_renamed_member_has_another_name(control: Control, partner: Partner) -> None:
    renamed = data_with(control, partner, "schema_drift")
    assert "securities" not in renamed
    assert "securitiesList" in renamed


def test_a_retyped_list_is_its_json_text(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    retyped = data_with(control, partner, "schema_drift", drift="retyped")
    assert json.loads(retyped["securities"]) == before["securities"]


def test_a_retyped_list_keeps_its_digits(control: Control, partner: Partner) -> None:
    securities = '[{"isin":"INE168A01041","holdings":{"quantity":1,"averagePrice":36.680}}]'
    body = f'{{"smallcaseAuthId": "{AUTH_ID}", "portfolio": {{"smallcases": {{}}, "securities": {securities}}}}}'
    control.client.put("/_sandbox/accounts/groww/AB1234", content=body)
    import_holdings(control, partner)
    assert data_with(control, partner, "schema_drift", drift="retyped")["securities"] == securities


def test_investments_can_drift(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", f"investments/{auth_id}/{ISCID}", recommendedAction=None)
    add_fault(control, "schema_drift", route="investments")
    assert set(partner.fetch_investment(auth_id, ISCID).json()["data"]) == {"investmentList"}


@pytest.mark.parametrize("drift", ["renamed", "retyped"])
@pytest.mark.parametrize("shape", ["object", "array"])
def test_the_order_pull_can_drift(control: Control, partner: Partner, auth_id: str, shape: str, drift: str) -> None:
    batch = place(control, partner, TCS)
    control.call("PUT", "settings", ordersShape=shape)
    add_fault(control, "schema_drift", route="orders", drift=drift)
    data = partner.fetch_orders(batch["transactionId"]).json()["data"]
    assert not isinstance((data[0] if shape == "array" else data).get("orders"), list)


@pytest.mark.parametrize("drift", ["renamed", "retyped"])
def test_an_order_pull_without_data_cannot_drift(control: Control, partner: Partner, drift: str) -> None:
    add_fault(control, "schema_drift", route="orders", drift=drift)
    assert partner.fetch_orders(partner.new_order(TCS)).json()["data"] is None


@pytest.mark.parametrize("fault", ["slow", "truncated", "schema_drift"])
def test_a_fault_of_the_answer_creates_the_transaction(control: Control, partner: Partner, fault: str) -> None:
    add_fault(control, fault, route="transaction", seconds=0)
    partner.create()
    assert len(transactions_in(control)) == 1


def test_a_refusal_creates_no_transaction(control: Control, partner: Partner) -> None:
    add_fault(control, "error_500", route="transaction")
    partner.create()
    assert transactions_in(control) == []


@pytest.mark.parametrize(
    "body",
    [
        {"route": "everything", "fault": "slow"},
        {"route": "holdings", "fault": "gremlins"},
        {"route": "holdings", "fault": "slow", "times": 0},
        {"route": "transaction", "fault": "empty_portfolio"},
        {"route": "holdings", "fault": "slow", "smallcaseAuthId": "somebody"},
    ],
)
def test_an_impossible_fault_is_explained(control: Control, body: dict[str, Any]) -> None:
    answer = control.client.put("/_sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]
