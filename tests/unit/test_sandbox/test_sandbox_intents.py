"""Every intent: what it is created with, by whom, and what it comes to (contract 1.6, 2.1 to 2.8, 2.12, 6.1)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from .partner import Control, Partner
from .test_sandbox_user import account_in
from .test_sandbox_webhooks import is_authentic

ISCID = "5f2d22636678954954f29a2d"
SMALLCASE_KINDS = ("INVESTMORE", "FIX", "REPAIR", "REBALANCE", "SIP", "MANAGE", "EXIT", "PARTIALEXIT")
TCS = {"ticker": "TCS", "quantity": 4, "type": "BUY"}

GUEST, CONNECTED = "guest", "connected"
# intent, body, who may
TOKENS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("CONNECT", {}, {GUEST}),
    ("HOLDINGS_IMPORT", {}, {GUEST, CONNECTED}),
    ("TRANSACTION", {"orderConfig": {"type": "SECURITIES", "securities": [TCS]}}, {GUEST, CONNECTED}),
    ("TRANSACTION", {"orderConfig": {"type": "BUY", "scid": "SCAW_0001"}}, {GUEST, CONNECTED}),
    *(("TRANSACTION", {"orderConfig": {"type": kind, "iscid": ISCID}}, {CONNECTED}) for kind in SMALLCASE_KINDS),
    ("SIP_SETUP", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("IMR_SETUP", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("FETCH_FUNDS", {}, {CONNECTED}),
    ("AUTHORISE_HOLDINGS", {}, {CONNECTED}),
    ("CANCEL_AMO", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, {GUEST, CONNECTED}),
    ("MF_HOLDINGS_IMPORT", {}, {GUEST, CONNECTED}),
]


@pytest.fixture
def auth_id(control: Control) -> str:
    return str(control.account()["smallcaseAuthId"])


def new(partner: Partner, intent: str, auth_id: str | None = None, **body: Any) -> str:
    return partner.new_transaction(auth_id, intent=intent, version=None, **body)


def smallcase(partner: Partner, kind: str, auth_id: str, **more: Any) -> str:
    return new(partner, "TRANSACTION", auth_id, orderConfig={"type": kind, "iscid": ISCID, **more})


def finish(control: Control, partner: Partner, transaction_id: str, **how: Any) -> tuple[Any, dict[str, Any]]:
    """What the SDK resolves with, and the transaction afterwards."""
    resolved = control.act(transaction_id, **how)["resolved"]
    details = partner.details(transaction_id)
    assert details["status"] == "COMPLETED"
    return resolved, details


@pytest.mark.parametrize(("intent", "body", "allowed"), TOKENS)
def test_who_may_create_what(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], allowed: set[str]
) -> None:
    for who, token in ((GUEST, None), (CONNECTED, auth_id)):
        answer = partner.create(token, intent=intent, version=None, **body)
        assert answer.status_code == (200 if who in allowed else 400), who


@pytest.mark.parametrize(
    ("intent", "body", "minutes"),
    [
        ("TRANSACTION", {"orderConfig": {"type": "SECURITIES", "securities": [TCS]}}, 15),
        ("TRANSACTION", {"orderConfig": {"type": "BUY", "scid": "SCAW_0001"}}, 15),
        ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, 45),
        ("FETCH_FUNDS", {}, 5),
        ("SIP_SETUP", {"orderConfig": {"iscid": ISCID}}, 5),
    ],
)
def test_how_long_there_is_for_it(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], minutes: int
) -> None:
    details = partner.details(new(partner, intent, auth_id, **body))
    lifetime = datetime.fromisoformat(details["expireAt"]) - datetime.fromisoformat(details["createdAt"])
    assert lifetime == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "securities",
    [
        [],
        [{}],
        [{"ticker": ""}],
        [{"ticker": 7}],
        [TCS | {"quantity": 0}],
        [TCS | {"quantity": -1}],
        [TCS | {"quantity": 1.5}],
        [TCS | {"quantity": 1.0}],
        [TCS | {"quantity": "4"}],
        [TCS | {"quantity": True}],
        [TCS | {"type": "HOLD"}],
        [TCS | {"orderType": "BRACKET"}],
        # All or none, field by field: the documented bad examples.
        [{"ticker": "TCS", "type": "BUY"}, {"ticker": "INFY", "quantity": 1}],
        [TCS, {"ticker": "INFY"}],
        [TCS, {"ticker": "INFY", "quantity": 1}],
        [TCS, TCS],
    ],
)
def test_securities_that_cannot_be_ordered(control: Control, partner: Partner, securities: list[Any]) -> None:
    config = {"type": "SECURITIES", "securities": securities}
    answer = partner.create(intent="TRANSACTION", orderConfig=config)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "InputException")


@pytest.mark.parametrize("field", ["quantity", "type"])
def test_a_field_may_be_left_to_the_user(control: Control, partner: Partner, field: str) -> None:
    securities = [
        {name: value for name, value in (TCS | {"ticker": one}).items() if name != field} for one in ("A", "B")
    ]
    assert partner.create(intent="TRANSACTION", orderConfig={"type": "SECURITIES", "securities": securities}).is_success


@pytest.mark.parametrize(
    ("intent", "body"),
    [
        ("TRANSACTION", {}),
        ("TRANSACTION", {"orderConfig": {"securities": [TCS]}}),
        ("TRANSACTION", {"orderConfig": {"type": "GAMBLE", "iscid": ISCID}}),
        ("TRANSACTION", {"orderConfig": {"type": "BUY", "iscid": ISCID}}),
        ("TRANSACTION", {"orderConfig": {"type": "EXIT", "scid": "SCAW_0001"}}),
        ("SIP_SETUP", {}),
        ("IMR_SETUP", {"orderConfig": {"iscid": ""}}),
        ("CANCEL_AMO", {"orderConfig": {}}),
        ("CANCEL_ORDER", {"orderConfig": {"batchId": "0" * 24}}),
        ("CANCEL_ORDER", {"orderConfig": {"batchId": "0" * 24, "ticker": "TCS"}}),
        ("SUBSCRIPTION", {"orderConfig": {"scid": "SCAW_0001"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"pan": "abcde1234f"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"phone": "12345"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"email": "nobody"}}),
        ("ONBOARDING", {}),
    ],
)
def test_intents_that_lack_what_they_need(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any]
) -> None:
    answer = partner.create(auth_id, intent=intent, version=None, **body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "InputException")


@pytest.mark.parametrize("top_level", [True, False])
def test_a_baskets_name_and_logo_are_told_back(control: Control, partner: Partner, top_level: bool) -> None:
    looks = {"orderName": "Smart Basket", "orderLogo": "https://app.example/basket.png"}
    config = {"type": "SECURITIES", "securities": [TCS]}
    body = {"config": looks, "orderConfig": config} if top_level else {"orderConfig": config | {"meta": looks}}
    details = partner.details(new(partner, "TRANSACTION", **body))

    assert details["config"] == looks
    assert set(details["orderConfig"]) == {"type", "orders"}


def test_funds_are_fetched_to_the_last_digit(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = new(partner, "FETCH_FUNDS", auth_id)
    resolved, details = finish(control, partner, transaction_id, funds=-0.07)

    assert set(resolved) == {"smallcaseAuthToken", "transactionId", "funds"}
    assert resolved["funds"] == details["success"]["data"]["funds"] == -0.07
    assert finish(control, partner, new(partner, "FETCH_FUNDS", auth_id))[0]["funds"] == 25310.55


def test_a_sip_is_set_up_changed_and_ended(control: Control, partner: Partner, auth_id: str) -> None:
    resolved, details = finish(control, partner, new(partner, "SIP_SETUP", auth_id, orderConfig={"iscid": ISCID}))
    assert set(resolved) == {"smallcaseAuthToken", "transactionId", "sipDetails"}
    assert details["success"]["data"] == {"sipDetails": resolved["sipDetails"]}
    assert set(resolved["sipDetails"]) == {
        "amount",
        "frequency",
        "iscid",
        "scheduledDate",
        "scid",
        "sipAction",
        "sipActive",
        "sipType",
    }
    assert resolved["sipDetails"]["iscid"] == ISCID

    managing = new(partner, "SIP_SETUP", auth_id, orderConfig={"iscid": ISCID})
    sip = finish(control, partner, managing, sip={"sipAction": "manage", "amount": 7000})[0]["sipDetails"]
    assert (sip["sipAction"], sip["amount"], sip["sipActive"]) == ("manage", 7000, True)

    ending = new(partner, "SIP_SETUP", auth_id, orderConfig={"iscid": ISCID})
    sip = finish(control, partner, ending, sip={"sipAction": "end"})[0]["sipDetails"]
    assert sip == {"iscid": ISCID, "scid": "SCAW_0001", "sipAction": "end", "sipActive": False}


@pytest.mark.parametrize(
    ("intent", "body", "members"),
    [
        ("AUTHORISE_HOLDINGS", {}, {"smallcaseAuthToken", "transactionId", "status"}),
        ("IMR_SETUP", {"orderConfig": {"iscid": ISCID}}, {"smallcaseAuthToken", "transactionId", "broker"}),
        ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, {"smallcaseAuthToken", "transactionId", "broker"}),
    ],
)
def test_what_resolves_with_little(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], members: set[str]
) -> None:
    resolved, details = finish(control, partner, new(partner, intent, auth_id, **body))
    assert set(resolved) == members
    assert account_in(details["success"]["smallcaseAuthToken"]) == auth_id
    assert "data" not in details["success"]
    assert details["flags"] == {"isOrderRequested": False}


def test_a_bought_smallcase_gets_an_id_that_the_rest_go_by(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = new(partner, "TRANSACTION", orderConfig={"type": "BUY", "scid": "SCNM_0007"})
    resolved, details = finish(control, partner, transaction_id)
    data = details["success"]["data"]
    iscid = data["iscid"]

    assert set(data) == {"batches", "scid", "iscid", "name"}
    assert (data["scid"], len(iscid)) == ("SCNM_0007", 24)
    assert (resolved["iscid"], resolved["orderBatches"]) == (iscid, data["batches"])
    (batch,) = data["batches"]
    assert (batch["status"], batch["quantity"], batch["label"]) == ("COMPLETED", 2, "BUY")
    assert partner.pull_investment(auth_id, iscid).json()["data"]["investment"]["scid"] == "SCNM_0007"

    exiting = new(partner, "TRANSACTION", auth_id, orderConfig={"type": "EXIT", "iscid": iscid})
    data = finish(control, partner, exiting)[1]["success"]["data"]
    assert data["iscid"] == iscid
    assert {order["transactionType"] for order in data["batches"][0]["orders"]} == {"SELL"}


@pytest.mark.parametrize("kind", SMALLCASE_KINDS)
def test_each_kind_of_smallcase_order(control: Control, partner: Partner, auth_id: str, kind: str) -> None:
    data = finish(control, partner, smallcase(partner, kind, auth_id))[1]["success"]["data"]
    assert data["iscid"] == ISCID
    assert len(data["batches"][0]["orders"]) == 2


def test_smallcase_orders_are_told_by_the_transaction_only(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = smallcase(partner, "INVESTMORE", auth_id)
    finish(control, partner, transaction_id)
    assert partner.pull_orders(transaction_id).json()["data"] is None
    assert control.held() == []
    # A later one does arrive, so another would have by now.
    control.act(partner.new_transaction())
    assert [made["kind"] for made in control.wait_for_deliveries(1)] == ["holdings"]


def test_a_smallcase_may_need_another_action_first(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = smallcase(partner, "REBALANCE", auth_id)
    resolved = control.act(transaction_id, action_required=True)["resolved"]
    details = partner.details(transaction_id)

    assert (details["status"], details["flags"]) == ("ACTION_REQUIRED", {"isOrderRequested": False})
    assert details["success"]["data"]["iscid"] == resolved["iscid"] == ISCID
    assert control.call("GET", "orders") == {"orders": []}


def test_for_a_smallcase_a_closed_market_has_its_own_code(control: Control, partner: Partner, auth_id: str) -> None:
    told = control.act(smallcase(partner, "SIP", auth_id), "market_closed")["rejected"]
    control.call("PUT", "market", open=False)
    by_itself = control.act(smallcase(partner, "SIP", auth_id))["rejected"]
    assert told["code"] == by_itself["code"] == 4005
    assert account_in(by_itself["data"]["smallcaseAuthToken"]) == auth_id


def test_a_closed_market_says_nothing_to_another_account(control: Control, partner: Partner, auth_id: str) -> None:
    control.account("ZZ9999")
    control.call("PUT", "market", open=False)
    rejected = control.act(smallcase(partner, "SIP", auth_id), account="ZZ9999")["rejected"]
    assert rejected == {"message": "user_mismatch", "code": 1001}


def test_an_investment_asks_for_something_until_it_is_done(control: Control, partner: Partner, auth_id: str) -> None:
    control.call(
        "PUT", f"investments/{auth_id}/{ISCID}", recommendedAction="REBALANCE", scid="SCNM_0007", name="Momentum"
    )
    told = partner.pull_investment(auth_id, ISCID).json()["data"]["investment"]
    assert (told["iscid"], told["scid"], told["name"]) == (ISCID, "SCNM_0007", "Momentum")
    assert (told["recommendedAction"], told["flags"]) == ("REBALANCE", {"amoPending": False})
    assert {"ticker", "shares", "averagePrice"} <= set(told["currentConfig"]["constituents"][0])

    finish(control, partner, smallcase(partner, "REBALANCE", auth_id))
    assert partner.pull_investment(auth_id, ISCID).json()["data"]["investment"]["recommendedAction"] is None


def test_investments_are_shown_to_their_account_only(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", f"investments/{auth_id}/{ISCID}", recommendedAction=None)
    assert partner.pull_investment(auth_id, ISCID).status_code == 200
    assert partner.pull_investment(auth_id, "0" * 24).status_code == 400
    assert partner.pull_investment("0" * 24, ISCID).status_code == 400
    assert partner.pull_investment(None, ISCID).status_code == 403


def test_the_pull_of_investments_can_go_wrong(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", f"investments/{auth_id}/{ISCID}", recommendedAction=None)
    control.call("PUT", "faults", route="investments", fault="schema_drift")
    assert set(partner.pull_investment(auth_id, ISCID).json()["data"]) == {"investmentList"}


def open_batch(control: Control, partner: Partner, **how: Any) -> dict[str, Any]:
    transaction_id = partner.new_order(TCS, TCS | {"ticker": "INFY"})
    still = {"TCS": {"result": "open"}, "INFY": {"result": "open"}}
    control.act(transaction_id, orders=still, webhooks="drop", **how)
    return partner.batch(transaction_id)


def cancel(partner: Partner, auth_id: str | None, batch: dict[str, Any], ticker: str = "TCS") -> dict[str, Any]:
    config = {"batchId": batch["batchId"], "ticker": ticker}
    return {"intent": "CANCEL_ORDER", "orderConfig": config}


def test_an_open_order_is_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_batch(control, partner)
    finish(control, partner, partner.new_transaction(auth_id, **cancel(partner, auth_id, batch)))
    after = partner.batch(batch["transactionId"])

    assert [order["status"] for order in after["orders"]] == ["CANCELLED", "PLACED"]
    # The user wanted it so: nothing went wrong.
    assert after["orders"][0]["errorCode"] is None
    finish(control, partner, partner.new_transaction(auth_id, **cancel(partner, auth_id, batch, "INFY")))
    assert partner.batch(batch["transactionId"])["status"] == "CANCELLED"
    assert partner.details(batch["transactionId"])["status"] == "COMPLETED"


def test_what_cannot_be_cancelled_is_refused(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_batch(control, partner)
    control.step(batch["batchId"], "TCS", "fill")
    for token, ticker in ((auth_id, "TCS"), (auth_id, "WIPRO"), ("0" * 24, "INFY"), (None, "INFY")):
        assert partner.create(token, **cancel(partner, token, batch, ticker)).status_code == 400


def test_an_order_that_was_filled_meanwhile_is_not_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = open_batch(control, partner)
    transaction_id = partner.new_transaction(auth_id, **cancel(partner, auth_id, batch))
    control.step(batch["batchId"], "TCS", "fill")

    assert control.act(transaction_id)["rejected"]["code"] == 2000
    assert partner.batch(batch["transactionId"])["orders"][0]["status"] == "COMPLETE"


def test_after_market_orders_are_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    regular = open_batch(control, partner)
    control.call("PUT", "market", open=False)
    first, second = open_batch(control, partner, amo=True), open_batch(control, partner, amo=True)
    investing = smallcase(partner, "INVESTMORE", auth_id)
    control.act(investing, amo=True)
    assert partner.pull_investment(auth_id, ISCID).json()["data"]["investment"]["flags"] == {"amoPending": True}

    finish(control, partner, partner.new_transaction(auth_id, **cancel(partner, auth_id, first)))
    assert [one["status"] for one in partner.batch(first["transactionId"])["orders"]] == ["CANCELLED AMO", "PLACED"]

    finish(control, partner, new(partner, "CANCEL_AMO", auth_id, orderConfig={"iscid": ISCID}))
    for batch in (first, second):
        assert partner.batch(batch["transactionId"])["status"] == "CANCELLED"
    assert partner.details(investing)["success"]["data"]["batches"][0]["status"] == "CANCELLED"
    assert partner.pull_investment(auth_id, ISCID).json()["data"]["investment"]["flags"] == {"amoPending": False}
    assert partner.batch(regular["transactionId"]) == regular


def test_mutual_funds_come_by_webhook_only(control: Control, partner: Partner) -> None:
    asset = {"pan": "ABCDE1234F", "phone": "9999999999", "email": "a@example.com", "fromDate": "2020-01-01"}
    transaction_id = new(partner, "MF_HOLDINGS_IMPORT", assetConfig=asset, notes="mine")
    resolved = control.call("POST", f"transactions/{transaction_id}/act")["resolved"]
    control.wait_for_deliveries(1)
    details = partner.details(transaction_id)
    (body,) = partner.bodies

    assert resolved == {"transactionId": transaction_id, "notes": "mine"}
    assert (details["status"], details["authId"]) == ("COMPLETED", None)
    assert details["success"] == {"transactionId": transaction_id, "notes": "mine"}
    assert is_authentic(body)
    assert "smallcaseAuthId" not in body
    assert body["notes"] == "mine"
    # What a partner must not keep.
    payload = body["data"]["payload"]
    assert set(payload["investorDetails"]) == {"pan", "email", "mobile", "name"}
    assert (payload["dtSummary"][0]["pan"], payload["dtSummary"][0]["units"]) == ("ABCDE1234F", 153.482)


def test_mutual_funds_are_no_brokers_whichever_is_named(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = new(partner, "MF_HOLDINGS_IMPORT")
    resolved, details = finish(control, partner, transaction_id, webhooks="drop")
    assert set(resolved) == {"transactionId", "notes"}
    assert details["authId"] is None


@pytest.mark.parametrize(
    ("outcome", "code"), [("cancel_before_login", 1011), ("cancel_after_login", 1012), ("fail", 2000), ("expire", 1005)]
)
def test_a_mutual_fund_import_can_end_otherwise(control: Control, partner: Partner, outcome: str, code: int) -> None:
    transaction_id = new(partner, "MF_HOLDINGS_IMPORT")
    rejected = control.call("POST", f"transactions/{transaction_id}/act", outcome=outcome)["rejected"]
    assert (rejected["code"], "data" in rejected) == (code, False)
    assert control.deliveries() == []


def test_a_held_mutual_fund_webhook_comes_when_released(control: Control, partner: Partner) -> None:
    transaction_id = new(partner, "MF_HOLDINGS_IMPORT")
    control.call("POST", f"transactions/{transaction_id}/act", webhooks="hold")
    (held,) = control.held()
    assert (held["kind"], held["transactionId"], held["status"]) == ("mf", transaction_id, None)
    control.release(held["id"])
    assert partner.bodies[0]["transactionId"] == transaction_id


def test_a_pending_action_is_told_of_the_investment_named(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="pending_action", smallcaseAuthId=auth_id, overrides={"iscid": ISCID, "action": "REPAIR"})
    (body,) = partner.bodies
    assert is_authentic(body)
    assert (body["smallcaseAuthId"], body["iscid"], body["action"]) == (auth_id, ISCID, "REPAIR")
