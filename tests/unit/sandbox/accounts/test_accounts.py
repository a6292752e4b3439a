"""Broker accounts: how they are created, and when Gateway sees their holdings (contract 8)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import AUTH_ID, OTHER_AUTH_ID, import_holdings, place_open, put_zerodha_account
from tests.unit.sandbox.partner import Control, Partner

EMPTY: dict[str, Any] = {"securities": [], "smallcases": {}}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("accounts/robinhood/A", {}, 400),
        ("accounts/groww/A", {"portfolio": {"success": True, "data": {}}}, 400),
        ("accounts/groww/A", {"portfolio": {"securities": ["RELIANCE"]}}, 400),
        ("accounts/groww/A", {"portfolio": {"securities": [], "snapshotDate": "yesterday"}}, 400),
        ("accounts/groww/A", {"smallcaseAuthId": "short"}, 400),
        ("accounts/groww/A", {"smallcaseAuthId": AUTH_ID}, 409),
    ],
)
def test_an_impossible_account_is_refused(control: Control, path: str, body: dict[str, Any], status: int) -> None:
    control.put_account("TAKEN", smallcaseAuthId=AUTH_ID)
    answer = control.client.put(f"/_sandbox/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_what_callers_read_cites_no_contract(control: Control) -> None:
    answer = control.client.put("/_sandbox/accounts/groww/A", json={"portfolio": {"securities": 1}})
    assert "contract" not in answer.json()["detail"]


def test_an_account_has_the_same_id_after_a_reset(control: Control, auth_id: str) -> None:
    control.call("POST", "reset")
    assert control.put_account() == auth_id


def test_an_account_keeps_its_id_when_its_portfolio_changes(control: Control, auth_id: str) -> None:
    assert control.put_account(portfolio={"securities": []}) == auth_id


def test_a_portfolio_can_contain_the_id(control: Control) -> None:
    assert control.put_account(portfolio={"securities": [], "smallcaseAuthId": AUTH_ID}) == AUTH_ID


def test_an_account_that_gets_another_id_stops_no_scheduled_step(
    control: Control, partner: Partner, auth_id: str
) -> None:
    batch = place_open(control, partner, later={"after": 60, "result": "fill"})
    control.put_account(smallcaseAuthId=AUTH_ID)
    control.advance(60)
    assert partner.batch(batch["transactionId"])["status"] == "COMPLETED"


def test_a_guest_has_no_holdings(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    assert partner.fetch_holdings(None, version="v2").status_code == 403


def test_without_an_import_there_are_no_holdings(control: Control, partner: Partner, auth_id: str) -> None:
    control.run_scenario(partner.new_transaction(intent="CONNECT"))
    assert partner.fetch_holdings(auth_id, version="v2").status_code == 403


def test_an_ordinary_brokers_holdings_stay_until_the_next_import(
    control: Control, partner: Partner, auth_id: str
) -> None:
    import_holdings(control, partner)
    before = partner.holdings(auth_id)
    control.advance(60)
    control.put_account(portfolio=EMPTY)
    assert partner.holdings(auth_id) == before


def test_an_import_takes_the_holdings_of_its_time(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    control.put_account(portfolio=EMPTY)
    import_holdings(control, partner)
    assert partner.holdings(auth_id)["securities"] == []


def test_a_later_import_has_a_later_date(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    before = partner.holdings(auth_id)
    control.advance(60)
    import_holdings(control, partner)
    assert partner.holdings(auth_id)["snapshotDate"] > before["snapshotDate"]


def test_zerodhas_holdings_change_at_a_pull_while_the_session_is_alive(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    control.put_account("ZE1234", broker="kite", portfolio=EMPTY)
    assert partner.holdings(auth_id)["securities"] == []


def test_zerodhas_holdings_get_a_new_date_at_a_pull(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    before = partner.holdings(auth_id)
    control.advance(60)
    assert partner.holdings(auth_id)["snapshotDate"] > before["snapshotDate"]


def test_zerodhas_holdings_stay_after_the_end_of_the_session(control: Control, partner: Partner) -> None:
    auth_id = put_zerodha_account(control, partner)
    before = partner.holdings(auth_id)
    control.call("POST", f"sessions/{auth_id}", alive=False)
    control.advance(60)
    assert partner.holdings(auth_id) == before


def end_zerodha_session(control: Control, partner: Partner) -> str:
    """The id of an account whose session has ended, so that pulls are forbidden."""
    auth_id = put_zerodha_account(control, partner)
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    return auth_id


def test_pulls_can_be_forbidden_after_the_end_of_a_session(control: Control, partner: Partner) -> None:
    auth_id = end_zerodha_session(control, partner)
    assert partner.fetch_holdings(auth_id, version="v2").status_code == 403


def test_a_login_begins_a_new_session(control: Control, partner: Partner) -> None:
    auth_id = end_zerodha_session(control, partner)
    control.put_account("ZE1234", broker="kite", portfolio=EMPTY)
    import_holdings(control, partner, broker="kite", account="ZE1234")
    assert partner.holdings(auth_id)["securities"] == []


def test_in_a_new_session_pulls_take_new_snapshots(control: Control, partner: Partner) -> None:
    auth_id = end_zerodha_session(control, partner)
    import_holdings(control, partner, broker="kite", account="ZE1234")
    at_login = partner.holdings(auth_id)
    control.advance(60)
    assert partner.holdings(auth_id)["snapshotDate"] > at_login["snapshotDate"]


def test_a_revived_session_answers_pulls(control: Control, partner: Partner) -> None:
    auth_id = end_zerodha_session(control, partner)
    control.call("POST", f"sessions/{auth_id}", alive=True)
    assert partner.fetch_holdings(auth_id).status_code == 200


def test_a_revived_session_that_ends_again_is_no_longer_forbidden(control: Control, partner: Partner) -> None:
    auth_id = end_zerodha_session(control, partner)
    control.call("POST", f"sessions/{auth_id}", alive=True)
    control.call("POST", f"sessions/{auth_id}", alive=False)
    assert partner.fetch_holdings(auth_id).status_code == 200


def test_pulls_can_be_forbidden_at_an_ordinary_broker(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    assert partner.fetch_holdings(auth_id).status_code == 403


def test_an_import_ends_the_refusal_of_an_ordinary_broker(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    import_holdings(control, partner)
    assert partner.fetch_holdings(auth_id).status_code == 200


def test_an_unused_id_has_no_session(control: Control) -> None:
    answer = control.client.post(f"/_sandbox/sessions/{OTHER_AUTH_ID}", json={"alive": True})
    assert answer.status_code == 404
