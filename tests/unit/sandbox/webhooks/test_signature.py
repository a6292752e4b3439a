"""The checksum of webhooks (contract 3.2)."""

from typing import Any

import pytest

from sandbox.webhooks.signature import checksum
from tests.unit.sandbox.examples import UNKNOWN_TRANSACTION, import_holdings, is_authentic
from tests.unit.sandbox.partner import Control, Partner


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
def test_the_examples_of_the_contract(timestamp: str, subject: str, expected: str) -> None:
    assert checksum("sandbox-api-secret", timestamp, subject) == expected


@pytest.fixture
def imported(control: Control, partner: Partner, auth_id: str) -> str:
    return import_holdings(control, partner)


@pytest.mark.usefixtures("imported")
def test_overrides_are_signed(control: Control, partner: Partner) -> None:
    control.fire(overrides={"transactionId": UNKNOWN_TRANSACTION, "timestamp": "2020-01-01T00:00:00.000Z"})
    assert is_authentic(partner.bodies[0])


@pytest.mark.usefixtures("imported")
def test_overrides_replace_members(control: Control, partner: Partner) -> None:
    control.fire(overrides={"transactionId": UNKNOWN_TRANSACTION})
    assert partner.bodies[0]["transactionId"] == UNKNOWN_TRANSACTION


@pytest.mark.usefixtures("imported")
def test_overrides_can_replace_the_checksum(control: Control, partner: Partner) -> None:
    control.fire(overrides={"checksum": "f" * 64})
    assert partner.bodies[0]["checksum"] == "f" * 64


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("timestamp", [3, "yesterday"])
def test_an_override_that_cannot_be_signed_is_explained(control: Control, timestamp: Any) -> None:
    answer = control.client.post("/_sandbox/webhooks", json={"mode": "late", "overrides": {"timestamp": timestamp}})
    assert answer.status_code == 400
    assert "time" in answer.json()["detail"]
