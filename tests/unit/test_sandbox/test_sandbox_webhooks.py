"""What Gateway's webhooks say, how they are signed, when they come again (contract 3)."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from sandbox.webhooks.signature import checksum

from .partner import SETTINGS, Control, Partner

REFUSED = 503


def is_authentic(body: dict[str, Any], key: str = SETTINGS.api_secret) -> bool:
    message = body["timestamp"] + (body.get("smallcaseAuthId") or body["transactionId"])
    expected = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, body["checksum"])


def imported(control: Control, partner: Partner, **body: Any) -> str:
    """A finished import whose webhook was dropped."""
    control.account()
    transaction_id = partner.new_transaction(**body)
    control.act(transaction_id, webhooks="drop")
    return transaction_id


@pytest.mark.parametrize(
    ("timestamp", "subject", "expected"),
    [
        (
            "2022-03-24T11:33:53.091Z",
            "6195e288360acf9ebc060d23",
            "7536c785f0c52157ffcff6d4fad57f233fd6d6b27e9ab2d90da6f035edb21cb9",
        ),
        (
            "2024-01-02T03:04:05.678Z",
            "TRX_00000000000000000000000000000001",
            "b840db4700911f5257f13b9d5028ebe436e7c3efdc404bb26ee87ff06a66c008",
        ),
    ],
)
def test_the_checksum_vectors_of_the_contract(timestamp: str, subject: str, expected: str) -> None:
    assert checksum("sandbox-api-secret", timestamp, subject) == expected


def test_a_finished_import_is_told_flat_and_signed(control: Control, partner: Partner) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    transaction_id = partner.new_transaction(notes="mine", assetConfig={"mfHoldings": "true"})
    control.act(transaction_id)
    (delivery,) = control.wait_for_deliveries(1)
    (body,) = partner.bodies
    pulled = partner.holdings(auth_id)

    assert is_authentic(body)
    assert (body["transactionId"], body["notes"], body["broker"]) == (transaction_id, "mine", "groww")
    assert {name: body[name] for name in pulled if name != "lastUpdate"} == {
        name: value for name, value in pulled.items() if name != "lastUpdate"
    }
    assert not {"success", "errors", "data"} & set(body)
    assert delivery | {"id": "", "sentAt": ""} == {
        "id": "",
        "kind": "holdings",
        "mode": "normal",
        "transactionId": transaction_id,
        "attempt": 1,
        "sentAt": "",
        "status": 200,
        "answer": "heard",
    }


def test_without_a_version_the_webhook_is_v1_and_without_mutual_funds(control: Control, partner: Partner) -> None:
    control.account()
    control.act(partner.new_transaction(version=None))
    control.wait_for_deliveries(1)
    (body,) = partner.bodies

    assert "holdings" in body["securities"]
    assert "mutualFunds" not in body
    assert is_authentic(body)


def test_connect_and_unfinished_ones_tell_nothing(control: Control, partner: Partner) -> None:
    control.account()
    control.act(partner.new_transaction(intent="CONNECT"))
    control.act(partner.new_transaction(), "fail")
    control.act(partner.new_transaction(), webhooks="drop")
    # A later one does arrive, so the others would have by now.
    control.act(partner.new_transaction())
    assert len(control.wait_for_deliveries(1)) == 1


def test_a_held_webhook_comes_when_it_is_fired(control: Control, partner: Partner) -> None:
    control.account()
    transaction_id = partner.new_transaction()
    control.act(transaction_id, webhooks="hold")
    told_at = partner.details(transaction_id)["updatedAt"]
    control.call("POST", "clock", advance=3600)
    assert partner.received == []

    (delivery,) = control.fire(transactionId=transaction_id)

    assert delivery["status"] == 200
    # Signed when the import finished, not when it was let go.
    assert partner.bodies[0]["timestamp"][:16] == told_at[:16]


def test_without_naming_one_the_newest_finished_is_told(control: Control, partner: Partner) -> None:
    imported(control, partner)
    newest = imported(control, partner)
    partner.new_transaction()

    assert control.fire()[0]["transactionId"] == newest


def test_a_duplicate_is_the_same_bytes(control: Control, partner: Partner) -> None:
    imported(control, partner)
    control.fire()
    control.fire(mode="duplicate")
    assert len(partner.received) == 2
    assert partner.received[0] == partner.received[1]


def test_a_duplicate_of_nothing_is_two(control: Control, partner: Partner) -> None:
    imported(control, partner)
    assert len(control.fire(mode="duplicate")) == 2
    assert partner.received[0] == partner.received[1]


def test_a_late_one_is_authentic_and_older(control: Control, partner: Partner) -> None:
    imported(control, partner)
    control.fire()
    control.fire(mode="late")
    now, late = partner.bodies

    assert is_authentic(late)
    assert late["snapshotDate"] < now["snapshotDate"]
    assert len(late["securities"]) < len(now["securities"])


def test_reordered_ones_come_newer_first(control: Control, partner: Partner) -> None:
    imported(control, partner)
    assert len(control.fire(mode="reordered")) == 2
    first, second = partner.bodies

    assert is_authentic(first)
    assert is_authentic(second)
    assert first["snapshotDate"] > second["snapshotDate"]


@pytest.mark.parametrize("mode", ["forged", "wrong_secret"])
def test_what_gateway_did_not_sign_is_not_authentic(control: Control, partner: Partner, mode: str) -> None:
    imported(control, partner)
    control.fire(mode=mode)
    (body,) = partner.bodies
    assert not is_authentic(body)
    assert len(body["checksum"]) == 64


def test_a_tampered_one_is_signed_all_the_same(control: Control, partner: Partner) -> None:
    imported(control, partner)
    control.fire()
    control.fire(mode="tampered")
    true, tampered = partner.bodies
    assert is_authentic(tampered)
    assert tampered["securities"] != true["securities"]


def test_a_truncated_one_is_not_json(control: Control, partner: Partner) -> None:
    imported(control, partner)
    control.fire(mode="truncated")
    with pytest.raises(json.JSONDecodeError):
        json.loads(partner.received[0])


def test_a_huge_one_is_over_six_megabytes(control: Control, partner: Partner) -> None:
    imported(control, partner)
    control.fire(mode="huge")
    assert len(partner.received[0]) > 6 * 1024 * 1024
    assert is_authentic(partner.bodies[0])


def test_other_kinds_have_their_own_shapes(control: Control, partner: Partner) -> None:
    transaction_id = imported(control, partner)
    for kind in ("holdings", "holdings_v1", "mf", "order", "pending_action"):
        control.fire(kind=kind)
    v2, v1, funds, order, action = partner.bodies

    assert isinstance(v2["securities"], list)
    assert "holdings" in v1["securities"]
    assert funds["transactionId"] == transaction_id
    assert "smallcaseAuthId" not in funds
    assert order["batchId"]
    assert action["iscid"]
    assert "batchId" not in action
    assert all(is_authentic(body) for body in partner.bodies)


def test_overrides_are_signed_too_unless_they_name_the_checksum(control: Control, partner: Partner) -> None:
    imported(control, partner)
    unknown = "TRX_00000000000000000000000000000001"
    control.fire(overrides={"transactionId": unknown, "timestamp": "2020-01-01T00:00:00.000Z"})
    control.fire(overrides={"checksum": "f" * 64})
    old, badly_signed = partner.bodies

    assert old["transactionId"] == unknown
    assert is_authentic(old)
    assert badly_signed["checksum"] == "f" * 64


@pytest.mark.parametrize("timestamp", [3, "yesterday"])
def test_an_override_that_cannot_be_signed_is_explained(control: Control, partner: Partner, timestamp: Any) -> None:
    imported(control, partner)
    answer = control.client.post("/_sandbox/webhooks", json={"mode": "late", "overrides": {"timestamp": timestamp}})
    assert answer.status_code == 400
    assert "time" in answer.json()["detail"]


def test_with_nothing_to_tell_the_call_says_so(control: Control, partner: Partner) -> None:
    nothing = control.client.post("/_sandbox/webhooks", json={})
    control.account()
    transaction_id = partner.new_transaction(intent="CONNECT")
    control.act(transaction_id)
    connect = control.client.post("/_sandbox/webhooks", json={"transactionId": transaction_id})

    assert nothing.status_code == 409
    assert "finished" in nothing.json()["detail"]
    assert connect.status_code == 409
    assert "CONNECT" in connect.json()["detail"]


def test_a_refused_webhook_comes_again_after_15_minutes_24_and_48_hours(control: Control, partner: Partner) -> None:
    partner.answers = REFUSED
    control.account()
    control.act(partner.new_transaction())
    control.wait_for_deliveries(1)

    control.call("POST", "clock", advance="PT14M50S")
    control.act(partner.new_transaction(), "cancel_choosing")
    assert len(control.deliveries()) == 1
    for attempt, wait in ((2, "PT10S"), (3, "PT24H"), (4, "PT48H")):
        control.call("POST", "clock", advance=wait)
        control.wait_for_deliveries(attempt)
    control.call("POST", "clock", advance="P30D")

    assert control.call("POST", "webhooks/retry") == {"deliveries": []}
    assert [made["attempt"] for made in control.deliveries()] == [1, 2, 3, 4]
    assert {made["status"] for made in control.deliveries()} == {REFUSED}
    assert len(set(partner.received)) == 1


def test_retries_can_be_had_at_once_and_end_with_a_2xx(control: Control, partner: Partner) -> None:
    partner.answers = REFUSED
    imported(control, partner)
    control.fire()
    partner.answers = 204

    (retried,) = control.call("POST", "webhooks/retry")["deliveries"]

    assert (retried["attempt"], retried["status"]) == (2, 204)
    assert control.call("POST", "webhooks/retry") == {"deliveries": []}


def test_nobody_retries_what_gateway_did_not_send(control: Control, partner: Partner) -> None:
    partner.answers = 401
    imported(control, partner)
    control.fire(mode="forged")
    assert control.call("POST", "webhooks/retry") == {"deliveries": []}


def test_a_partner_that_does_not_answer_is_noted_and_tried_again(
    control: Control, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(control, partner)

    async def unreachable(*_: Any, **__: Any) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    with monkeypatch.context() as patch:
        patch.setattr(httpx.AsyncClient, "post", unreachable)
        (delivery,) = control.fire()

    assert delivery["status"] is None
    assert "nobody there" in delivery["answer"]
    assert control.call("POST", "webhooks/retry")["deliveries"][0]["status"] == 200
