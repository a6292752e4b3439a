"""Gateway's API as a partner's backend uses it (contract 1.4 to 1.6, 2.0 to 2.7)."""

import re

import pytest

from tests.unit.sandbox.examples import (
    AUTH_ID,
    INFY,
    OTHER_AUTH_ID,
    TCS,
    UNKNOWN_TRANSACTION,
    import_holdings,
    place,
    place_open,
)
from tests.unit.sandbox.partner import SETTINGS, Control, Partner


@pytest.mark.usefixtures("control")
def test_a_success_has_the_envelope(partner: Partner) -> None:
    body = partner.create().json()
    assert body == {"success": True, "errors": None, "data": body["data"]}


@pytest.mark.usefixtures("control")
def test_a_transaction_has_an_id(partner: Partner) -> None:
    assert re.fullmatch(r"TRX_[0-9a-f]{32}", partner.create().json()["data"]["transactionId"])


@pytest.mark.usefixtures("control")
def test_a_transaction_has_an_end_in_gateways_format(partner: Partner) -> None:
    expire_at = partner.create().json()["data"]["expireAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", expire_at)


@pytest.mark.usefixtures("control")
def test_a_new_transaction_is_initialized(partner: Partner) -> None:
    assert partner.details(partner.new_transaction())["status"] == "INITIALIZED"


@pytest.mark.usefixtures("control")
def test_a_new_transaction_is_not_expired(partner: Partner) -> None:
    assert partner.details(partner.new_transaction())["expired"] is False


@pytest.mark.usefixtures("control")
def test_a_new_transaction_has_no_account(partner: Partner) -> None:
    assert partner.details(partner.new_transaction())["authId"] is None


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("secret", ["guess", ""])
def test_a_wrong_secret_is_forbidden(partner: Partner, secret: str) -> None:
    answer = partner.post_transaction({"intent": "HOLDINGS_IMPORT"}, partner.headers(x_gateway_secret=secret))
    assert answer.status_code == 403


@pytest.mark.usefixtures("control")
def test_a_refusal_has_the_envelope(partner: Partner) -> None:
    answer = partner.post_transaction({"intent": "HOLDINGS_IMPORT"}, partner.headers(x_gateway_secret="guess"))
    assert answer.json() == {"success": False, "errors": ["Invalid gateway secret"], "data": None}


@pytest.mark.usefixtures("control")
def test_another_gateways_name_is_forbidden(partner: Partner) -> None:
    answer = partner.post_transaction({"intent": "CONNECT"}, partner.headers(), gateway="somebodyelse")
    assert answer.status_code == 403
    assert answer.json()["errors"] == ["invalid gateway"]


@pytest.mark.usefixtures("control")
def test_an_unused_transaction_id_is_invalid_input(partner: Partner) -> None:
    answer = partner.fetch_details(UNKNOWN_TRANSACTION)
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "InputException"


def test_a_connected_user_sees_own_transactions(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.fetch_details(import_holdings(control, partner), auth_id).status_code == 200


def test_a_connected_user_does_not_see_transactions_of_others(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.fetch_details(import_holdings(control, partner), OTHER_AUTH_ID).status_code == 400


def test_the_order_pull_needs_a_transaction(control: Control, partner: Partner) -> None:
    assert partner.fetch_orders(None).status_code == 400


def test_before_an_order_the_order_pull_has_no_data(control: Control, partner: Partner) -> None:
    assert partner.fetch_orders(partner.new_order(TCS)).json()["data"] is None


def test_a_connected_user_sees_own_orders(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS)
    assert partner.fetch_orders(batch["transactionId"], auth_id).json()["data"] == batch


def test_a_connected_user_does_not_see_orders_of_others(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS)
    assert partner.fetch_orders(batch["transactionId"], OTHER_AUTH_ID).json()["data"] == []


def test_the_order_pull_of_an_unused_transaction_id_is_empty(control: Control, partner: Partner) -> None:
    assert partner.fetch_orders(UNKNOWN_TRANSACTION).json()["data"] == []


def test_the_order_pull_can_be_a_list(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS)
    control.call("PUT", "settings", ordersShape="array")
    assert partner.fetch_orders(batch["transactionId"]).json()["data"] == [batch]


def test_before_an_order_the_list_is_empty(control: Control, partner: Partner) -> None:
    control.call("PUT", "settings", ordersShape="array")
    assert partner.fetch_orders(partner.new_order(TCS)).json()["data"] == []


def cancellation_status(partner: Partner, auth_id: str | None, batch_id: str, ticker: str) -> int:
    config = {"batchId": batch_id, "ticker": ticker}
    return partner.create(auth_id, intent="CANCEL_ORDER", version=None, orderConfig=config).status_code


def test_an_open_order_can_be_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    assert cancellation_status(partner, auth_id, batch["batchId"], "TCS") == 200


def test_a_final_order_cannot_be_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS)
    assert cancellation_status(partner, auth_id, batch["batchId"], "TCS") == 400


def test_a_security_outside_the_batch_cannot_be_cancelled(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    assert cancellation_status(partner, auth_id, batch["batchId"], "WIPRO") == 400


@pytest.mark.parametrize("other", [OTHER_AUTH_ID, None])
def test_nobody_else_can_cancel_an_order(control: Control, partner: Partner, auth_id: str, other: str | None) -> None:
    batch = place(control, partner, INFY, orders={"INFY": {"result": "open"}})
    assert cancellation_status(partner, other, batch["batchId"], "INFY") == 400


def test_connect_is_open_to_guests(control: Control, partner: Partner) -> None:
    assert partner.create(intent="CONNECT").status_code == 200


def test_connect_is_refused_to_connected_users(control: Control, partner: Partner) -> None:
    assert partner.create(AUTH_ID, intent="CONNECT").status_code == 400


@pytest.mark.parametrize("path", ["/", "/v1/sandboxgateway/engine/nothing", "/_sandboxed"])
def test_a_wrong_path_has_the_envelope(control: Control, path: str) -> None:
    answer = control.client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "errors": ["Not Found"], "data": None}


def test_a_wrong_method_has_the_envelope(control: Control) -> None:
    answer = control.client.delete(f"/gateway/{SETTINGS.gateway_name}/transaction")
    assert answer.status_code == 405
    assert answer.json() == {"success": False, "errors": ["Method Not Allowed"], "data": None}


def test_a_wrong_method_is_answered_with_the_right_method(control: Control) -> None:
    assert control.client.get(f"/gateway/{SETTINGS.gateway_name}/transaction").headers["allow"] == "POST"
