"""Faults: so many calls of one route go wrong, then all is well again."""

import json
from typing import Any

import httpx
import pytest

from .partner import SETTINGS, Control, Partner

AUTH_ID = "6195e288360acf9ebc060d23"


@pytest.fixture
def before(control: Control, partner: Partner) -> dict[str, Any]:
    """What a good pull gives, of an account with an import an hour ago."""
    control.account(smallcaseAuthId=AUTH_ID)
    control.act(partner.new_transaction(), webhooks="drop")
    control.call("POST", "clock", advance=3600)
    return partner.holdings(AUTH_ID)


def pull_with(control: Control, partner: Partner, fault: str, auth_id: str = AUTH_ID, **more: Any) -> httpx.Response:
    control.call("PUT", "faults", route="holdings", fault=fault, **more)
    return partner.pull(auth_id, version="v2", mfHoldings="true")


def begin_zerodha_session(control: Control, partner: Partner, name: str = "ZE1234") -> str:
    """The account of somebody who has logged in to Zerodha and imported."""
    account: str = control.account(name, broker="kite")["smallcaseAuthId"]
    control.act(partner.new_transaction(), broker="kite", account=name, webhooks="drop")
    return account


def transactions_in(control: Control) -> list[Any]:
    app: Any = control.client.app
    return list(app.state.services.state.items("transaction"))


def test_faults_are_counted_and_come_in_their_order(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    control.call("PUT", "faults", route="holdings", fault="error_500", times=2)
    waiting = control.call("PUT", "faults", route="holdings", fault="rate_limit")["faults"]

    statuses = [partner.pull(AUTH_ID, version="v2").status_code for _ in range(4)]

    assert [fault["times"] for fault in waiting] == [2, 1]
    assert statuses == [500, 500, 429, 200]
    assert control.call("GET", "faults") == {"faults": []}


def test_other_routes_are_not_concerned(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    control.call("PUT", "faults", route="transactiondetails", fault="error_500")
    assert partner.holdings(AUTH_ID) == before


def test_deleted_faults_are_gone(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    control.call("PUT", "faults", route="holdings", fault="error_500", times=9)
    control.call("DELETE", "faults")
    assert partner.holdings(AUTH_ID) == before


@pytest.mark.parametrize(("fault", "status"), [("error_500", 500), ("error_403", 403), ("rate_limit", 429)])
def test_refusals(control: Control, partner: Partner, before: dict[str, Any], fault: str, status: int) -> None:
    answer = pull_with(control, partner, fault)
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert partner.holdings(AUTH_ID) == before


def test_an_html_page_with_status_200(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    answer = pull_with(control, partner, "html")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_no_success_with_status_200(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    answer = pull_with(control, partner, "success_false")
    assert answer.status_code == 200
    assert answer.json() == {"success": False, "errors": "Something went wrong"}


def test_half_an_answer(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    answer = pull_with(control, partner, "truncated")
    assert answer.status_code == 200
    assert answer.text.startswith('{"success":true')
    assert not answer.text.endswith("}}")


@pytest.mark.parametrize("fault", ["slow", "timeout"])
def test_waiting_takes_its_time_and_then_answers(
    control: Control, partner: Partner, before: dict[str, Any], fault: str
) -> None:
    answer = pull_with(control, partner, fault, seconds=0.05)
    assert answer.elapsed.total_seconds() >= 0.05
    assert answer.json()["data"] == before


def test_an_empty_portfolio_is_a_success_in_all_but_its_content(
    control: Control, partner: Partner, before: dict[str, Any]
) -> None:
    data = pull_with(control, partner, "empty_portfolio").json()["data"]
    assert (data["securities"], data["smallcases"]["public"]) == ([], [])
    assert data["mutualFunds"] == {"holdings": []}
    assert data["snapshotDate"] == before["snapshotDate"]
    assert partner.holdings(AUTH_ID) == before


@pytest.mark.parametrize(("held", "left"), [(1, 0), (2, 1), (3, 1), (4, 2)])
def test_half_a_portfolio_lacks_at_least_half(control: Control, partner: Partner, held: int, left: int) -> None:
    rows = [{"isin": f"INE00000000{number}"} for number in range(held)]
    control.account(smallcaseAuthId=AUTH_ID, portfolio={"securities": rows, "smallcases": {}})
    control.act(partner.new_transaction(), webhooks="drop")
    before = partner.holdings(AUTH_ID)
    assert pull_with(control, partner, "half_portfolio").json()["data"] == before | {"securities": rows[:left]}


@pytest.mark.parametrize("fault", ["empty_portfolio", "half_portfolio"])
def test_a_wrong_portfolio_has_the_date_of_the_right_one(control: Control, partner: Partner, fault: str) -> None:
    account = begin_zerodha_session(control, partner)
    imported = partner.holdings(account)
    control.call("POST", "clock", advance="PT1H")
    alive = pull_with(control, partner, fault, account).json()["data"]
    healthy = partner.holdings(account)
    control.call("POST", f"sessions/{account}", alive=False)
    control.call("POST", "clock", advance="PT1H")
    ended = pull_with(control, partner, fault, account).json()["data"]

    assert imported["snapshotDate"] < alive["snapshotDate"] <= healthy["snapshotDate"]
    assert ended["snapshotDate"] == healthy["snapshotDate"]


def test_v1_answers_can_be_halved_and_emptied_too(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    whole = partner.pull(AUTH_ID).json()["data"]["securities"]["holdings"]
    for fault in ("half_portfolio", "empty_portfolio"):
        control.call("PUT", "faults", route="holdings", fault=fault)
    half, empty = (partner.pull(AUTH_ID).json()["data"]["securities"] for _ in range(2))

    assert half == {"holdings": whole[: len(whole) // 2]}
    assert empty == {"holdings": []}


def test_updating_is_said(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    assert pull_with(control, partner, "updating").json()["data"] == before | {"updating": True}


def test_while_updating_the_snapshot_is_still_the_last_one(control: Control, partner: Partner) -> None:
    account = begin_zerodha_session(control, partner)
    before = partner.holdings(account)
    control.call("POST", "clock", advance="PT1H")

    assert pull_with(control, partner, "updating", account).json()["data"] == before | {"updating": True}
    assert partner.holdings(account)["snapshotDate"] > before["snapshotDate"]


def test_a_fault_of_one_account_waits_for_it(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    other = begin_zerodha_session(control, partner)
    told = control.call("PUT", "faults", route="holdings", fault="error_500", smallcaseAuthId=other, times=2)
    control.call("PUT", "faults", route="holdings", fault="rate_limit")

    statuses = [partner.pull(account).status_code for account in (AUTH_ID, AUTH_ID, None, other, other, other)]

    assert told == {"faults": [{"route": "holdings", "fault": "error_500", "times": 2, "smallcaseAuthId": other}]}
    assert statuses == [429, 200, 403, 500, 500, 200]


def test_the_account_of_a_transaction_is_known_from_its_login_on(
    control: Control, partner: Partner, before: dict[str, Any]
) -> None:
    transaction_id, pinned = partner.new_transaction(), partner.new_transaction(AUTH_ID)
    control.call("PUT", "faults", route="transactiondetails", fault="error_500", times=4, smallcaseAuthId=AUTH_ID)

    not_yet = partner.ask_details(transaction_id).status_code
    control.act(transaction_id, webhooks="drop")
    asked = [partner.ask_details(transaction_id), partner.ask_details(transaction_id, AUTH_ID)]
    asked += [partner.ask_details(pinned), partner.ask_details("TRX_0", AUTH_ID)]

    assert not_yet == 200
    assert [answer.status_code for answer in asked] == [500, 500, 500, 500]


def test_a_fault_of_one_account_passes_a_token_that_is_nobodys(
    control: Control, partner: Partner, before: dict[str, Any]
) -> None:
    control.call("PUT", "faults", route="holdings", fault="error_500", smallcaseAuthId=AUTH_ID)
    forged = partner.headers(x_gateway_authtoken=partner.token(AUTH_ID, secret="f" * 32))
    answer = partner.client.get(f"/v1/{SETTINGS.gateway_name}/engine/user/holdings", headers=forged)
    assert answer.status_code == 403
    assert partner.pull(AUTH_ID).status_code == 500


def test_a_drifted_schema(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    renamed = pull_with(control, partner, "schema_drift").json()["data"]
    retyped = pull_with(control, partner, "schema_drift", drift="retyped").json()["data"]
    assert "securities" not in renamed
    assert isinstance(retyped["securities"], str)


def test_a_retyped_list_is_its_json_text(control: Control, partner: Partner, before: dict[str, Any]) -> None:
    retyped = pull_with(control, partner, "schema_drift", drift="retyped").json()["data"]
    assert json.loads(retyped["securities"]) == before["securities"]


def test_a_retyped_list_keeps_its_digits(control: Control, partner: Partner) -> None:
    securities = '[{"isin":"INE168A01041","holdings":{"quantity":1,"averagePrice":36.680}}]'
    body = f'{{"smallcaseAuthId": "{AUTH_ID}", "portfolio": {{"smallcases": {{}}, "securities": {securities}}}}}'
    control.client.put("/_sandbox/accounts/groww/AB1234", content=body)
    control.act(partner.new_transaction(), webhooks="drop")
    assert pull_with(control, partner, "schema_drift", drift="retyped").json()["data"]["securities"] == securities


@pytest.mark.parametrize("fault", ["slow", "truncated", "schema_drift"])
def test_a_create_is_done_though_its_answer_suffers(control: Control, partner: Partner, fault: str) -> None:
    control.call("PUT", "faults", route="transaction", fault=fault, seconds=0)
    partner.create()
    assert len(transactions_in(control)) == 1


def test_a_refused_create_creates_nothing(control: Control, partner: Partner) -> None:
    control.call("PUT", "faults", route="transaction", fault="error_500")
    assert partner.create().status_code == 500
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
def test_impossible_faults_are_explained(control: Control, body: dict[str, Any]) -> None:
    answer = control.client.put("/_sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_fault_does_not_hide_a_wrong_secret(control: Control, partner: Partner) -> None:
    control.call("PUT", "faults", route="holdings", fault="empty_portfolio")
    answer = partner.client.get(
        f"/v1/{SETTINGS.gateway_name}/engine/user/holdings",
        headers=partner.headers(x_gateway_secret="guess"),
    )
    assert answer.status_code == 403
