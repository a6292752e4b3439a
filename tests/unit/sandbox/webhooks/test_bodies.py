"""The bodies of the kinds of webhooks (contract 3.3 to 3.7)."""

from typing import Any, get_args

import pytest

from sandbox.webhooks.webhook import WebhookKind
from tests.unit.sandbox.examples import ISCID, TCS, import_holdings, is_authentic, place
from tests.unit.sandbox.partner import Control, Partner


def fire_about_import(control: Control, partner: Partner, kind: str) -> dict[str, Any]:
    """The body of a webhook about an import."""
    import_holdings(control, partner)
    control.fire(kind=kind)
    return partner.bodies[-1]


@pytest.mark.parametrize("kind", get_args(WebhookKind))
def test_every_kind_is_authentic(control: Control, partner: Partner, auth_id: str, kind: str) -> None:
    assert is_authentic(fire_about_import(control, partner, kind))


def test_holdings_have_a_list_of_securities(control: Control, partner: Partner, auth_id: str) -> None:
    assert isinstance(fire_about_import(control, partner, "holdings")["securities"], list)


def test_holdings_of_v1_have_an_object_of_securities(control: Control, partner: Partner, auth_id: str) -> None:
    assert "holdings" in fire_about_import(control, partner, "holdings_v1")["securities"]


def test_mutual_funds_contain_no_account(control: Control, partner: Partner, auth_id: str) -> None:
    assert "smallcaseAuthId" not in fire_about_import(control, partner, "mf")


def test_a_pending_action_contains_an_investment(control: Control, partner: Partner, auth_id: str) -> None:
    assert fire_about_import(control, partner, "pending_action")["iscid"]


def test_a_pending_action_contains_no_batch(control: Control, partner: Partner, auth_id: str) -> None:
    assert "batchId" not in fire_about_import(control, partner, "pending_action")


def test_a_pending_action_is_that_of_the_account(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="pending_action", smallcaseAuthId=auth_id)
    assert partner.bodies[0]["smallcaseAuthId"] == auth_id


def test_overrides_choose_a_pending_action(control: Control, partner: Partner, auth_id: str) -> None:
    overrides = {"iscid": ISCID, "action": "REPAIR"}
    control.fire(kind="pending_action", smallcaseAuthId=auth_id, overrides=overrides)
    assert {name: partner.bodies[0][name] for name in overrides} == overrides


def test_an_overridden_pending_action_is_authentic(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="pending_action", smallcaseAuthId=auth_id, overrides={"iscid": ISCID})
    assert is_authentic(partner.bodies[0])


def test_an_order_webhook_is_about_the_batch(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place(control, partner, TCS)
    control.fire(kind="order", transactionId=batch["transactionId"])
    assert {name: partner.bodies[0][name] for name in batch} == batch


def test_an_order_webhook_without_a_batch_is_made_up(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="order", transactionId=partner.new_transaction(auth_id))
    assert partner.bodies[0]["status"] == "COMPLETED"


def test_a_made_up_order_webhook_is_authentic(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="order", transactionId=partner.new_transaction(auth_id))
    assert is_authentic(partner.bodies[0])


def test_a_made_up_order_webhook_is_that_of_the_account(control: Control, partner: Partner, auth_id: str) -> None:
    control.fire(kind="order", transactionId=partner.new_transaction(auth_id))
    assert partner.bodies[0]["smallcaseAuthId"] == auth_id


def test_without_a_completed_transaction_the_refusal_is_explained(control: Control) -> None:
    answer = control.client.post("/_sandbox/webhooks", json={})
    assert answer.status_code == 409
    assert "finished" in answer.json()["detail"]


def test_without_imported_holdings_the_refusal_is_explained(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_transaction(intent="CONNECT")
    control.run_scenario(transaction_id)
    answer = control.client.post("/_sandbox/webhooks", json={"transactionId": transaction_id})
    assert answer.status_code == 409
    assert "CONNECT" in answer.json()["detail"]
