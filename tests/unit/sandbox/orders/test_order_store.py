"""All batches can be read by a control call."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import INFY, TCS, place
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def batches(control: Control, partner: Partner, auth_id: str) -> list[dict[str, Any]]:
    return [place(control, partner, security) for security in (TCS, INFY)]


def test_all_batches_come_in_the_order_of_their_placement(control: Control, batches: list[dict[str, Any]]) -> None:
    stored = control.call("GET", "orders")["orders"]
    assert [batch["batchId"] for batch in stored] == [batch["batchId"] for batch in batches]


def test_a_batch_comes_with_its_account(control: Control, auth_id: str, batches: list[dict[str, Any]]) -> None:
    assert control.call("GET", "orders")["orders"][0] == batches[0] | {"smallcaseAuthId": auth_id}


def test_the_batch_of_a_single_transaction_can_be_read(control: Control, batches: list[dict[str, Any]]) -> None:
    stored = control.call("GET", f"orders?transactionId={batches[1]['transactionId']}")["orders"]
    assert [batch["batchId"] for batch in stored] == [batches[1]["batchId"]]
