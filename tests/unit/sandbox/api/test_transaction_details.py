"""The transaction object that partners and the control API read (contract 2.5)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS, import_holdings
from tests.unit.sandbox.partner import Control, Partner

BRANDING = {"orderName": "Smart Basket", "orderLogo": "https://app.example/basket.png"}
SECURITIES = {"type": "SECURITIES", "securities": [TCS]}
# Both places in which Gateway may read the branding.
BRANDED: list[dict[str, Any]] = [
    {"config": BRANDING, "orderConfig": SECURITIES},
    {"orderConfig": SECURITIES | {"meta": BRANDING}},
]


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("body", BRANDED)
def test_the_details_contain_the_branding(partner: Partner, body: dict[str, Any]) -> None:
    assert partner.details(partner.new_intent("TRANSACTION", **body))["config"] == BRANDING


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("body", BRANDED)
def test_the_order_configuration_contains_orders_only(partner: Partner, body: dict[str, Any]) -> None:
    details = partner.details(partner.new_intent("TRANSACTION", **body))
    assert set(details["orderConfig"]) == {"type", "orders"}


LIMIT = TCS | {"orderType": "LIMIT", "validity": "DAY", "price": 3100.05}


@pytest.mark.usefixtures("control")
def test_the_order_configuration_contains_the_ticker(partner: Partner) -> None:
    (order,) = partner.details(partner.new_order(LIMIT))["orderConfig"]["orders"]
    assert order["sidInfo"] == {"ticker": "TCS"}


@pytest.mark.usefixtures("control")
def test_the_order_configuration_contains_the_members_of_the_request(partner: Partner) -> None:
    (order,) = partner.details(partner.new_order(LIMIT))["orderConfig"]["orders"]
    members = {name: value for name, value in LIMIT.items() if name != "ticker"}
    assert {name: order[name] for name in members} == members


@pytest.mark.usefixtures("control")
def test_a_subscription_contains_its_smallcase(partner: Partner) -> None:
    details = partner.details(partner.new_intent("SUBSCRIPTION", config={"scid": "SCAW_0001"}))
    assert details["subscriptionConfig"] == {"scid": "SCAW_0001"}


def test_the_control_api_answers_the_same_details(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_order(TCS)
    details = control.call("GET", f"transactions/{transaction_id}")["transactionDetails"]
    assert details == partner.details(transaction_id)


def test_the_control_api_answers_the_request(control: Control, partner: Partner) -> None:
    transaction_id = partner.new_order(TCS, notes="mine")
    request = control.call("GET", f"transactions/{transaction_id}")["asked"]
    assert request["orderConfig"] == {"type": "SECURITIES", "securities": [TCS]}


def test_the_control_api_answers_the_request_with_its_digits(control: Control, partner: Partner) -> None:
    text = '{"intent":"HOLDINGS_IMPORT","price":36.680}'
    path = "/gateway/sandboxgateway/transaction"
    created = partner.client.post(path, content=text, headers=partner.headers())
    transaction_id = created.json()["data"]["transactionId"]
    assert f'"asked":{text}' in control.client.get(f"/_sandbox/transactions/{transaction_id}").text


def test_before_a_login_there_is_no_success(control: Control, partner: Partner) -> None:
    assert "success" not in partner.details(partner.new_transaction())


def test_after_the_completion_there_is_a_success(control: Control, partner: Partner, auth_id: str) -> None:
    assert partner.details(import_holdings(control, partner))["success"]["broker"] == "groww"
