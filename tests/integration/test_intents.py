"""Every intent of contract 2.1, created, finished and read back; every way in which one can fail, in words."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from gateway_backend.domain.transactions.messages import ADVICE, UNKNOWN
from testing.actors import AppUser, Sandbox, assert_problem, eventually, exact
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws
from tests.integration.orders import basket, stocks, verdicts

SCID, ISCID = "SCAW_0001", "5f2d22636678954954f29a2d"
SMALLCASE_TYPES = ("INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT")


@pytest.fixture
def linked(user: AppUser, sandbox: Sandbox, broker_account: str) -> str:
    """The user's account at Groww; its id."""
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    return account_id


def finish(
    user: AppUser, sandbox: Sandbox, account: str, body: dict[str, Any], outcome: str = "complete", **how: Any
) -> dict[str, Any]:
    """From its creation to its end through the SDK's result; the transaction as it is read afterwards."""
    transaction_id = user.begin(body)
    result = sandbox.act(transaction_id, outcome, broker="groww", account=account, webhooks="drop", **how)
    answer = user.send_result(transaction_id, result)
    assert answer.status_code == 200, answer.text
    transaction: dict[str, Any] = exact(user.get(f"/v1/transactions/{transaction_id}"))
    assert (transaction["final"], transaction["intent"]) == (True, body["intent"])
    return transaction


def test_connect(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))

    transaction = finish(user, sandbox, broker_account, {"intent": "CONNECT"})

    assert (transaction["status"], transaction["smallcaseAuthId"]) == ("COMPLETED", account_id)
    assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]


def test_funds_are_exact_and_say_when(user: AppUser, sandbox: Sandbox, linked: str, broker_account: str) -> None:
    body = {"intent": "FETCH_FUNDS", "smallcaseAuthId": linked}

    transaction = finish(user, sandbox, broker_account, body, funds=25310.55)

    assert str(transaction["outcome"]["funds"]["amount"]) == "25310.55"
    assert transaction["createdAt"] <= transaction["outcome"]["funds"]["asOf"] <= transaction["updatedAt"]


def test_a_sale_can_be_authorised(user: AppUser, sandbox: Sandbox, linked: str, broker_account: str) -> None:
    body = {"intent": "AUTHORISE_HOLDINGS", "smallcaseAuthId": linked}
    assert finish(user, sandbox, broker_account, body)["status"] == "COMPLETED"


@pytest.mark.parametrize("active", [True, "YES", False, "NO"])
def test_a_sip_is_read_back_either_way_it_is_written(
    active: Any, user: AppUser, sandbox: Sandbox, linked: str, broker_account: str
) -> None:
    body = {"intent": "SIP_SETUP", "smallcaseAuthId": linked, "orderConfig": {"iscid": ISCID}}

    sip = finish(user, sandbox, broker_account, body, sip={"sipActive": active, "amount": 5000.5})["outcome"]["sip"]

    assert (sip["iscid"], sip["frequency"], str(sip["amount"])) == (ISCID, "1m", "5000.5")
    assert sip["sipActive"] is (active in (True, "YES"))


def test_the_remaining_setups(user: AppUser, sandbox: Sandbox, linked: str, broker_account: str) -> None:
    imr = {"intent": "IMR_SETUP", "smallcaseAuthId": linked, "orderConfig": {"iscid": ISCID}}
    assert finish(user, sandbox, broker_account, imr)["status"] == "COMPLETED"
    subscription = {"intent": "SUBSCRIPTION", "config": {"scid": SCID}}
    assert finish(user, sandbox, broker_account, subscription)["status"] == "COMPLETED"
    amo = {"intent": "CANCEL_AMO", "smallcaseAuthId": linked, "orderConfig": {"iscid": ISCID}}
    assert finish(user, sandbox, broker_account, amo)["status"] == "COMPLETED"


def test_a_smallcase_is_bought_by_a_guest_and_gives_its_investment(
    user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))

    transaction = finish(
        user, sandbox, broker_account, {"intent": "TRANSACTION", "orderConfig": {"type": "BUY", "scid": SCID}}
    )

    assert (transaction["type"], transaction["outcome"]["smallcase"]["scid"]) == ("BUY", SCID)
    assert transaction["outcome"]["smallcase"]["iscid"]
    order = user.order_of(transaction["transactionId"])
    assert {status for status, _ in stocks(order).values()} == {"COMPLETE"}
    assert order["iscid"] == transaction["outcome"]["smallcase"]["iscid"]


@pytest.mark.parametrize("kind", SMALLCASE_TYPES)
def test_an_investment_goes_on(kind: str, user: AppUser, sandbox: Sandbox, linked: str, broker_account: str) -> None:
    body = {"intent": "TRANSACTION", "smallcaseAuthId": linked, "orderConfig": {"type": kind, "iscid": ISCID}}

    transaction = finish(user, sandbox, broker_account, body)

    assert (transaction["status"], transaction["type"]) == ("COMPLETED", kind)
    assert len(stocks(user.order_of(transaction["transactionId"]))) == 2


def test_what_needs_another_action_first_says_so(
    user: AppUser, sandbox: Sandbox, linked: str, broker_account: str
) -> None:
    body = {"intent": "TRANSACTION", "smallcaseAuthId": linked, "orderConfig": {"type": "REBALANCE", "iscid": ISCID}}
    assert finish(user, sandbox, broker_account, body, action_required=True)["status"] == "ACTION_REQUIRED"


@pytest.mark.parametrize(
    "body",
    [
        {"intent": "FETCH_FUNDS"},
        {"intent": "AUTHORISE_HOLDINGS"},
        {"intent": "SIP_SETUP", "orderConfig": {"iscid": ISCID}},
        {"intent": "IMR_SETUP", "orderConfig": {"iscid": ISCID}},
        {"intent": "CANCEL_AMO", "orderConfig": {"iscid": ISCID}},
        *({"intent": "TRANSACTION", "orderConfig": {"type": kind, "iscid": ISCID}} for kind in SMALLCASE_TYPES),
    ],
    ids=lambda body: f"{body['intent']}-{body.get('orderConfig', {}).get('type', '')}",
)
def test_what_a_guest_cannot_do_never_reaches_gateway(body: dict[str, Any], user: AppUser) -> None:
    assert_problem(user.create(body), 400, "REQUEST_INVALID", "smallcaseAuthId")


def test_somebody_elses_account_does_not_exist(new_user: Callable[[], AppUser], user: AppUser, linked: str) -> None:
    body = {"intent": "FETCH_FUNDS", "smallcaseAuthId": linked}
    assert_problem(new_user().create(body), 404, "NOT_FOUND")


# Mutual funds ------------------------------------------------------------------------------------

PAN, PHONE, EMAIL = "AAAPZ9999Q", "9876501234", "nobody@sandbox.invalid"


def test_a_statement_is_kept_without_the_person(user: AppUser, sandbox: Sandbox, aws: Aws) -> None:
    """PAN, phone and e-mail are passed on, and found neither in the table nor in a log."""
    asset = {"fromDate": "2020-01-01", "pan": PAN, "phone": PHONE, "email": EMAIL}
    transaction_id = user.begin({"intent": "MF_HOLDINGS_IMPORT", "assetConfig": asset})
    assert {name: sandbox.request_body(transaction_id)["assetConfig"][name] for name in asset} == asset
    pending = user.get(f"/v1/transactions/{transaction_id}/mutual-funds")
    assert_problem(pending, 409, "NOTHING_IMPORTED", "webhook")

    user.send_result(transaction_id, sandbox.act(transaction_id, "complete"))

    def kept() -> None:
        answer = user.get(f"/v1/transactions/{transaction_id}/mutual-funds")
        assert answer.status_code == 200, answer.text
        assert user.get(f"/v1/transactions/{transaction_id}").json()["final"]

    eventually(kept)
    statement = user.get(f"/v1/transactions/{transaction_id}/mutual-funds").text
    (scheme, *_) = exact(user.get(f"/v1/transactions/{transaction_id}/mutual-funds"))["data"]["payload"]["dtSummary"]
    assert str(scheme["units"]) == "153.482"
    (sent,) = [delivery for delivery in sandbox.deliveries(transaction_id) if delivery["kind"] == "mf"]
    assert sent["status"] == 200
    stored = json.dumps(aws.items(f"TXN#{transaction_id}"), default=lambda value: bytes(value).hex())
    for secret in (PAN, PHONE, EMAIL, "ABCDE1234F"):
        assert secret not in statement + stored + aws.log_text()
    assert verdicts(aws, transaction_id) == [("APPLIED", "KEPT")]
    (receipt,) = [item for item in aws.every_receipt() if item.get("transactionId", {}).get("S") == transaction_id]
    assert "blob" not in receipt, "the body named the investor"


@pytest.mark.parametrize(
    ("asset", "naming"),
    [
        ({"pan": "aaapz9999q", "phone": PHONE}, "assetConfig.pan"),
        ({"pan": PAN, "phone": "+919876501234"}, "assetConfig.phone"),
        ({"pan": PAN, "email": "nobody"}, "assetConfig.email"),
        ({"phone": PHONE}, "pan"),
        ({"fromDate": "01/02/2020"}, "assetConfig.fromDate"),
    ],
)
def test_personal_data_that_does_not_fit_is_not_quoted(asset: dict[str, str], naming: str, user: AppUser) -> None:
    answer = user.create({"intent": "MF_HOLDINGS_IMPORT", "assetConfig": asset})

    assert_problem(answer, 400, "REQUEST_INVALID", naming)
    assert not [value for value in asset.values() if value in answer.text]


# Pending actions ---------------------------------------------------------------------------------


def test_a_recommendation_shows_until_it_is_followed(
    user: AppUser, sandbox: Sandbox, linked: str, aws: Aws, broker_account: str
) -> None:
    """The webhook says which investment to look at; what is recommended is what Gateway answers."""
    sandbox.set_investment(linked, ISCID, recommendedAction="REBALANCE", scid=SCID, name="All Weather")
    with aws.tap() as tap:
        sandbox.fire(
            kind="pending_action", smallcaseAuthId=linked, overrides={"iscid": ISCID, "action": "SELL_EVERYTHING"}
        )

        def shown() -> None:
            ((pending,),) = [connection["pendingActions"] or [None] for connection in user.connections()]
            assert pending
            assert (pending["iscid"], pending["action"], pending["scid"]) == (ISCID, "REBALANCE", SCID)
            events = [event for event in tap.events(smallcaseAuthId=linked) if event["detail-type"] == "ActionPending"]
            assert [(event["detail"]["iscid"], event["detail"]["action"]) for event in events] == [(ISCID, "REBALANCE")]

        eventually(shown)
    body = {"intent": "TRANSACTION", "smallcaseAuthId": linked, "orderConfig": {"type": "REBALANCE", "iscid": ISCID}}
    finish(user, sandbox, broker_account, body)
    assert [connection["pendingActions"] for connection in user.connections()] == [[]]


# How it can fail ---------------------------------------------------------------------------------

POINTS_OF_CANCELLING = {"cancel_choosing": 1010, "cancel_before_login": 1011, "cancel_after_login": 1012}


@pytest.mark.parametrize(("outcome", "code"), POINTS_OF_CANCELLING.items())
def test_an_order_can_be_left_at_each_point(
    outcome: str, code: int, user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", "INFY", 1)))

    result = sandbox.act(transaction_id, outcome, broker="groww", account=broker_account)
    answer = user.send_result(transaction_id, result)

    assert (answer.json()["error"]["code"], answer.json()["error"]["action"]) == (code, "RECONNECT")
    assert user.order_of(transaction_id)["batches"] == []
    linked = [connection["smallcaseAuthId"] for connection in user.connections()]
    assert linked == ([account_id] if outcome == "cancel_after_login" else [])


@pytest.mark.parametrize("code", [*ADVICE, 9999])
def test_every_error_has_a_text_for_the_user_and_an_action(
    code: int, user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin(basket(("BUY", "INFY", 1)))

    result = sandbox.act(
        transaction_id,
        "fail",
        broker="groww",
        account=broker_account,
        error={"code": code, "message": f"internal words {uuid.uuid4()}"},
    )
    error = user.send_result(transaction_id, result).json()["error"]

    advice = ADVICE.get(code, UNKNOWN)
    assert (error["code"], error["text"], error["action"]) == (code, advice.text, advice.action)


def test_the_wrong_account_is_refused(user: AppUser, sandbox: Sandbox, linked: str, broker_account: str) -> None:
    transaction_id = user.begin(basket(("BUY", "INFY", 1), smallcaseAuthId=linked))

    result = sandbox.act(transaction_id, "wrong_account", broker="groww", account=broker_account)
    answer = user.send_result(transaction_id, result)

    assert (answer.json()["error"]["code"], answer.json()["final"]) == (1001, True)
    assert user.order_of(transaction_id)["batches"] == []


# Account opening ---------------------------------------------------------------------------------


def test_an_account_opening_begins_and_ends_and_keeps_nothing_of_the_person(user: AppUser, aws: Aws) -> None:
    person = {"name": "Made Up", "email": EMAIL, "contact": PHONE, "pinCode": "560001"}
    headers = {"idempotency-key": str(uuid.uuid4())}

    begun = user.post("/v1/account-openings", person, headers=headers)

    assert (begun.status_code, begun.json()["signup"]) == (201, person), begun.text
    opening_id = begun.json()["openingId"]
    again = user.post("/v1/account-openings", person, headers=headers).json()
    assert (again["openingId"], again["signup"]) == (opening_id, person)
    ended = user.post(f"/v1/account-openings/{opening_id}/result", {"platform": "web", "resolved": None})
    assert (ended.status_code, ended.json()["status"]) == (200, "ENDED"), ended.text
    assert [opening["status"] for opening in user.get("/v1/account-openings").json()["accountOpenings"]] == ["ENDED"]
    kept = json.dumps(aws.items(f"USER#{user.sub}") + aws.items(f"IDEMPOTENCY#{headers['idempotency-key']}"))
    assert not [value for value in person.values() if value in kept + aws.log_text()]
