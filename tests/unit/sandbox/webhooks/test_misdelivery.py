"""The modes of webhooks: some authentic, some not, some damaged."""

import json
from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS, import_holdings, is_authentic, order_of, place, place_open
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def imported(control: Control, partner: Partner, auth_id: str) -> str:
    return import_holdings(control, partner)


def fire_twice(control: Control, partner: Partner, mode: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bodies of a normal webhook and of a webhook in that mode."""
    control.fire()
    control.fire(mode=mode)
    normal, other = partner.bodies
    return normal, other


@pytest.mark.usefixtures("imported")
def test_a_duplicate_has_the_same_bytes(control: Control, partner: Partner) -> None:
    control.fire()
    control.fire(mode="duplicate")
    first, second = partner.received
    assert first == second


@pytest.mark.usefixtures("imported")
def test_a_duplicate_of_nothing_is_sent_twice(control: Control, partner: Partner) -> None:
    control.fire(mode="duplicate")
    first, second = partner.received
    assert first == second


@pytest.mark.usefixtures("imported")
def test_a_late_webhook_is_authentic(control: Control, partner: Partner) -> None:
    assert is_authentic(fire_twice(control, partner, "late")[1])


@pytest.mark.usefixtures("imported")
def test_a_late_webhook_has_an_older_snapshot(control: Control, partner: Partner) -> None:
    normal, late = fire_twice(control, partner, "late")
    assert late["snapshotDate"] < normal["snapshotDate"]


@pytest.mark.usefixtures("imported")
def test_a_late_webhook_can_be_told_apart_by_its_securities(control: Control, partner: Partner) -> None:
    normal, late = fire_twice(control, partner, "late")
    assert late["securities"] == normal["securities"][:-1]


@pytest.mark.usefixtures("imported")
def test_reordered_webhooks_are_authentic(control: Control, partner: Partner) -> None:
    control.fire(mode="reordered")
    assert [is_authentic(body) for body in partner.bodies] == [True, True]


@pytest.mark.usefixtures("imported")
def test_reordered_webhooks_come_with_the_newer_first(control: Control, partner: Partner) -> None:
    control.fire(mode="reordered")
    first, second = partner.bodies
    assert first["snapshotDate"] > second["snapshotDate"]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("mode", ["forged", "wrong_secret"])
def test_a_forged_webhook_is_not_authentic(control: Control, partner: Partner, mode: str) -> None:
    control.fire(mode=mode)
    assert not is_authentic(partner.bodies[0])


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("mode", ["forged", "wrong_secret"])
def test_a_forged_checksum_has_the_right_length(control: Control, partner: Partner, mode: str) -> None:
    control.fire(mode=mode)
    assert len(partner.bodies[0]["checksum"]) == 64


@pytest.mark.usefixtures("imported")
def test_a_tampered_webhook_has_a_valid_checksum(control: Control, partner: Partner) -> None:
    assert is_authentic(fire_twice(control, partner, "tampered")[1])


@pytest.mark.usefixtures("imported")
def test_a_tampered_webhook_has_other_holdings(control: Control, partner: Partner) -> None:
    normal, tampered = fire_twice(control, partner, "tampered")
    assert tampered["securities"] != normal["securities"]


@pytest.mark.usefixtures("imported")
def test_a_truncated_webhook_is_not_json(control: Control, partner: Partner) -> None:
    control.fire(mode="truncated")
    with pytest.raises(json.JSONDecodeError):
        json.loads(partner.received[0])


@pytest.mark.usefixtures("imported")
def test_a_huge_webhook_has_over_six_megabytes(control: Control, partner: Partner) -> None:
    control.fire(mode="huge")
    assert len(partner.received[0]) > 6 * 1024 * 1024


@pytest.mark.usefixtures("imported")
def test_a_huge_webhook_is_authentic(control: Control, partner: Partner) -> None:
    control.fire(mode="huge")
    assert is_authentic(partner.bodies[0])


def fire_about_order(control: Control, partner: Partner, mode: str) -> dict[str, Any]:
    """The body of a webhook about a filled order."""
    control.fire(kind="order", mode=mode, transactionId=place(control, partner, TCS)["transactionId"])
    return partner.bodies[0]


@pytest.mark.parametrize("mode", ["normal", "late", "tampered", "forged_body"])
def test_these_modes_of_an_order_have_a_valid_checksum(
    control: Control, partner: Partner, auth_id: str, mode: str
) -> None:
    assert is_authentic(fire_about_order(control, partner, mode))


def test_a_late_order_webhook_is_about_an_open_batch(control: Control, partner: Partner, auth_id: str) -> None:
    assert fire_about_order(control, partner, "late")["status"] == "PLACED"


def test_a_late_order_webhook_is_about_open_orders(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(fire_about_order(control, partner, "late"), "TCS")["status"] == "PLACED"


def test_a_late_order_webhook_has_no_filled_shares(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(fire_about_order(control, partner, "late"), "TCS")["filledQuantity"] == 0


def test_a_tampered_order_webhook_has_other_quantities(control: Control, partner: Partner, auth_id: str) -> None:
    assert order_of(fire_about_order(control, partner, "tampered"), "TCS")["quantity"] == 1004


def forge_body(control: Control, partner: Partner) -> tuple[dict[str, Any], dict[str, Any]]:
    """An open batch, and the forged body about it."""
    batch = place_open(control, partner)
    control.fire(kind="order", mode="forged_body", transactionId=batch["transactionId"])
    return batch, partner.bodies[0]


def test_a_forged_body_is_about_the_batch(control: Control, partner: Partner, auth_id: str) -> None:
    batch, body = forge_body(control, partner)
    assert body["batchId"] == batch["batchId"]


def test_a_forged_body_is_about_a_completed_batch(control: Control, partner: Partner, auth_id: str) -> None:
    assert forge_body(control, partner)[1]["status"] == "COMPLETED"


def test_a_forged_body_counts_all_securities_as_filled(control: Control, partner: Partner, auth_id: str) -> None:
    assert forge_body(control, partner)[1]["filled"] == 1


def test_a_forged_body_has_ten_times_the_quantity(control: Control, partner: Partner, auth_id: str) -> None:
    order = order_of(forge_body(control, partner)[1], "TCS")
    assert (order["quantity"], order["filledQuantity"]) == (40, 40)


def test_a_forged_body_leaves_the_batch_as_it_is(control: Control, partner: Partner, auth_id: str) -> None:
    batch, _ = forge_body(control, partner)
    assert partner.batch(batch["transactionId"]) == batch


@pytest.mark.usefixtures("imported")
def test_a_forged_body_is_for_orders_only(control: Control) -> None:
    answer = control.client.post("/_sandbox/webhooks", json={"mode": "forged_body"})
    assert answer.status_code == 400
