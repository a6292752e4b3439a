"""The scripted user: what the web SDK tells the app, and the same story told to the backend (5.6)."""

from typing import Any

import jwt
import pytest

from .partner import SETTINGS, Control, Partner

Row = tuple[str, str, int, str, bool]

# outcome, message, code, status afterwards, logged in
ENDINGS: list[Row] = [
    ("deny_consent", "consent_denied", 1003, "ERRORED", True),
    ("cancel_choosing", "user_cancelled", 1010, "INITIALIZED", False),
    ("cancel_before_login", "user_cancelled", 1011, "INITIALIZED", False),
    ("cancel_after_login", "user_cancelled", 1012, "USED", True),
    ("no_broker", "no_broker", 1006, "ERRORED", False),
    ("expire", "transaction_expired", 1005, "INITIALIZED", False),
    ("fail", "holdings_import_error", 2001, "ERRORED", True),
]


def account_in(token: str) -> Any:
    payload = jwt.decode(token, SETTINGS.secret, algorithms=["HS256"])
    assert payload["exp"] - payload["iat"] == 3600
    return payload["smallcaseAuthId"]


@pytest.mark.parametrize("intent", ["HOLDINGS_IMPORT", "CONNECT"])
def test_completing_resolves_with_a_token_of_the_account(control: Control, partner: Partner, intent: str) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    transaction_id = partner.new_transaction(intent=intent, notes="mine")

    resolved = control.act(transaction_id)["resolved"]
    details = partner.details(transaction_id)

    assert set(resolved) == {"smallcaseAuthToken", "broker", "transactionId"}
    assert (resolved["broker"], resolved["transactionId"]) == ("groww", transaction_id)
    assert account_in(resolved["smallcaseAuthToken"]) == auth_id
    assert (details["status"], details["authId"]) == ("COMPLETED", auth_id)
    assert details["success"]["notes"] == "mine"
    assert account_in(details["success"]["smallcaseAuthToken"]) == auth_id
    assert "error" not in details


@pytest.mark.parametrize(("outcome", "message", "code", "status", "logged_in"), ENDINGS)
def test_each_other_ending_tells_one_story(
    control: Control,
    partner: Partner,
    outcome: str,
    message: str,
    code: int,
    status: str,
    logged_in: bool,
) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    transaction_id = partner.new_transaction()

    rejected = control.act(transaction_id, outcome)["rejected"]
    details = partner.details(transaction_id)

    assert (rejected["message"], rejected["code"]) == (message, code)
    assert details["status"] == status
    assert details["authId"] == (auth_id if logged_in else None)
    assert details["expired"] is (outcome == "expire")
    assert "success" not in details
    if status == "ERRORED":
        assert details["error"] == {"value": True, "message": message, "code": code}
    if logged_in:
        assert rejected["data"]["broker"] == "groww"
        assert account_in(rejected["data"]["smallcaseAuthToken"]) == auth_id
    else:
        assert "data" not in rejected


def test_a_failed_connect_is_an_internal_error(control: Control, partner: Partner) -> None:
    control.account()
    rejected = control.act(partner.new_transaction(intent="CONNECT"), "fail")["rejected"]
    assert (rejected["message"], rejected["code"]) == ("internal_error", 2000)


def test_another_account_than_the_connected_one_is_a_mismatch(control: Control, partner: Partner) -> None:
    control.account("AB1234")
    other = control.account("ZZ9999")["smallcaseAuthId"]

    for outcome in ("complete", "wrong_account"):
        transaction_id = partner.new_transaction(other)
        rejected = control.act(transaction_id, outcome)["rejected"]
        assert rejected == {"message": "user_mismatch", "code": 1001}
        assert partner.details(transaction_id)["authId"] is None


def test_a_transaction_serves_once(control: Control, partner: Partner) -> None:
    control.account()
    transaction_id = partner.new_transaction()
    control.act(transaction_id)
    before = partner.details(transaction_id) | {"success": None}

    again = control.act(transaction_id)

    assert again == {"rejected": {"message": "transaction_expired", "code": 3001}}
    assert partner.details(transaction_id) | {"success": None} == before
    assert len(control.wait_for_deliveries(1)) == 1


def test_one_closed_after_login_cannot_be_taken_up_again(control: Control, partner: Partner) -> None:
    control.account()
    transaction_id = partner.new_transaction()
    control.act(transaction_id, "cancel_after_login")
    assert control.act(transaction_id)["rejected"]["code"] == 3001


def test_one_closed_before_login_can_be_taken_up_again(control: Control, partner: Partner) -> None:
    control.account()
    transaction_id = partner.new_transaction()
    control.act(transaction_id, "cancel_before_login")
    assert "resolved" in control.act(transaction_id)


def test_after_five_minutes_it_is_too_late(control: Control, partner: Partner) -> None:
    control.account()
    transaction_id = partner.new_transaction()
    control.call("POST", "clock", advance="PT4M59S")
    assert partner.details(transaction_id)["expired"] is False

    control.call("POST", "clock", advance=1)

    details = partner.details(transaction_id)
    assert (details["expired"], details["status"]) == (True, "INITIALIZED")
    assert control.act(transaction_id)["rejected"]["code"] == 3001


def test_a_broker_without_holdings_import_is_no_broker(control: Control, partner: Partner) -> None:
    control.account(broker="sbi")
    assert control.act(partner.new_transaction(), broker="sbi")["rejected"]["code"] == 1006
    connected = control.act(partner.new_transaction(intent="CONNECT"), broker="sbi")
    assert connected["resolved"]["broker"] == "sbi"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"broker": "groww", "account": "NOBODY"}, 404, "PUT /_sandbox/accounts/groww/NOBODY"),
        ({"outcome": "complete"}, 400, "broker and account"),
        ({"broker": "groww"}, 400, "both"),
        ({"outcome": "market_closed"}, 400, "only orders"),
        ({"outcome": "wrong_account"}, 400, "connected"),
        ({"outcome": "win"}, 400, "outcome"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
def test_what_cannot_be_played_is_explained(
    control: Control, partner: Partner, body: dict[str, Any], status: int, said: str
) -> None:
    answer = control.client.post(f"/_sandbox/transactions/{partner.new_transaction()}/act", json=body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_an_unknown_transaction_cannot_be_played(control: Control) -> None:
    assert control.client.post("/_sandbox/transactions/TRX_0/act", json={}).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("accounts/robinhood/A", {}, 400),
        ("accounts/groww/A", {"portfolio": {"success": True, "data": {}}}, 400),
        ("accounts/groww/A", {"portfolio": {"securities": ["RELIANCE"]}}, 400),
        ("accounts/groww/A", {"portfolio": {"securities": [], "snapshotDate": "yesterday"}}, 400),
        ("accounts/groww/A", {"smallcaseAuthId": "short"}, 400),
        ("accounts/groww/A", {"smallcaseAuthId": "6195e288360acf9ebc060d23"}, 409),
    ],
)
def test_accounts_that_cannot_be(control: Control, path: str, body: dict[str, Any], status: int) -> None:
    control.account("TAKEN", smallcaseAuthId="6195e288360acf9ebc060d23")
    answer = control.client.put(f"/_sandbox/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_an_account_keeps_its_id(control: Control) -> None:
    first = control.account()["smallcaseAuthId"]
    control.call("POST", "reset")
    assert control.account()["smallcaseAuthId"] == first
    assert control.account(portfolio={"securities": []})["smallcaseAuthId"] == first
