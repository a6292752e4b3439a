"""Which events publish webhooks, and which webhooks a control call fires (contract 3)."""

from typing import Any

import pytest

from sandbox.clock import Clock
from tests.unit.sandbox.examples import import_holdings, is_authentic
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def transaction_id(control: Control, partner: Partner, auth_id: str) -> str:
    """An import with mutual funds and notes, whose webhook has been sent."""
    transaction_id = partner.new_transaction(notes="mine", assetConfig={"mfHoldings": "true"})
    control.run_scenario(transaction_id)
    control.wait_for_deliveries(1)
    return transaction_id


@pytest.fixture
def body(partner: Partner, transaction_id: str) -> dict[str, Any]:
    (body,) = partner.bodies
    return body


def test_the_webhook_of_an_import_is_authentic(body: dict[str, Any]) -> None:
    assert is_authentic(body)


def test_the_webhook_of_an_import_names_its_transaction(body: dict[str, Any], transaction_id: str) -> None:
    assert body["transactionId"] == transaction_id


def test_the_webhook_of_an_import_contains_the_notes(body: dict[str, Any]) -> None:
    assert body["notes"] == "mine"


def test_the_webhook_of_an_import_contains_the_broker(body: dict[str, Any]) -> None:
    assert body["broker"] == "groww"


def test_the_webhook_of_an_import_contains_the_holdings(partner: Partner, auth_id: str, body: dict[str, Any]) -> None:
    holdings = {name: value for name, value in partner.holdings(auth_id).items() if name != "lastUpdate"}
    assert {name: body[name] for name in holdings} == holdings


def test_the_webhook_of_an_import_has_no_envelope(body: dict[str, Any]) -> None:
    assert not {"success", "errors", "data"} & set(body)


def test_a_delivery(control: Control, transaction_id: str) -> None:
    (delivery,) = control.deliveries()
    assert delivery == {
        "id": delivery["id"],
        "kind": "holdings",
        "mode": "normal",
        "transactionId": transaction_id,
        "attempt": 1,
        "sentAt": delivery["sentAt"],
        "status": 200,
        "answer": "received",
    }


def import_without_version(control: Control, partner: Partner) -> dict[str, Any]:
    control.run_scenario(partner.new_transaction(version=None))
    control.wait_for_deliveries(1)
    return partner.bodies[0]


def test_without_a_version_the_webhook_is_v1(control: Control, partner: Partner, auth_id: str) -> None:
    assert "holdings" in import_without_version(control, partner)["securities"]


def test_a_webhook_of_v1_is_authentic(control: Control, partner: Partner, auth_id: str) -> None:
    assert is_authentic(import_without_version(control, partner))


def test_without_mutual_funds_in_the_request_the_webhook_has_none(
    control: Control, partner: Partner, auth_id: str
) -> None:
    assert "mutualFunds" not in import_without_version(control, partner)


@pytest.mark.parametrize(
    ("intent", "scenario"),
    [("CONNECT", {}), ("HOLDINGS_IMPORT", {"outcome": "fail"}), ("HOLDINGS_IMPORT", {"webhooks": "drop"})],
)
def test_these_publish_no_webhook(
    control: Control, partner: Partner, auth_id: str, intent: str, scenario: dict[str, Any]
) -> None:
    control.run_scenario(partner.new_transaction(intent=intent), **scenario)
    # Webhooks are sent in their order, so that an earlier webhook would have come before this.
    later = import_holdings(control, partner, webhooks="send")
    assert [delivery["transactionId"] for delivery in control.wait_for_deliveries(1)] == [later]


def test_without_a_transaction_the_latest_completed_is_used(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    control.advance(1)
    latest = import_holdings(control, partner)
    partner.new_transaction()
    assert control.fire()[0]["transactionId"] == latest


def test_within_the_same_millisecond_the_later_created_counts(control: Control, partner: Partner, auth_id: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        frozen = Clock.machine_time()
        patch.setattr(Clock, "machine_time", staticmethod(lambda: frozen))
        import_holdings(control, partner)
        later = import_holdings(control, partner)
        assert control.fire()[0]["transactionId"] == later
