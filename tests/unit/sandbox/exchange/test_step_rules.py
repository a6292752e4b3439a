"""Impossible steps are refused and explained, and change nothing."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS, place_open
from tests.unit.sandbox.partner import Control, Partner

USER = {"broker": "groww", "account": "AB1234"}
IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"result": "partial", "filled": 4}, "0 of 4 shares"),
    ({"result": "partial", "filled": 0}, "filled"),
    ({"result": "partial", "quantity": 1}, "0 of 1 shares"),
    ({"result": "open", "filled": 2}, "0 of 4 shares"),
    ({"result": "fill", "later": {"after": 5, "result": "fill"}}, "later"),
    ({"result": "open", "later": {"after": 5, "result": "partial", "filled": 9}}, "0 of 4 shares"),
    ({"result": "reject", "filled": 4}, "0 of 4 shares"),
    ({"result": "fill", "filled": 3}, "0 of 4 shares"),
    ({"result": "open", "later": {"after": 0, "result": "fill"}}, "after"),
    ({"result": "win"}, "result"),
    ({"result": "removed"}, "took everything out"),
]


@pytest.mark.parametrize(("scenario", "detail"), IMPOSSIBLE)
def test_an_impossible_scenario_is_explained(
    control: Control, partner: Partner, auth_id: str, scenario: dict[str, Any], detail: str
) -> None:
    answer = control.try_scenario(partner.new_order(TCS), **USER, orders={"TCS": scenario})
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize("scenario", [scenario for scenario, _ in IMPOSSIBLE])
def test_an_impossible_scenario_leaves_the_transaction_as_it_was(
    control: Control, partner: Partner, auth_id: str, scenario: dict[str, Any]
) -> None:
    transaction_id = partner.new_order(TCS)
    control.try_scenario(transaction_id, **USER, orders={"TCS": scenario})
    assert partner.details(transaction_id)["status"] == "INITIALIZED"


@pytest.mark.parametrize("scenario", [scenario for scenario, _ in IMPOSSIBLE])
def test_an_impossible_scenario_places_no_orders(
    control: Control, partner: Partner, auth_id: str, scenario: dict[str, Any]
) -> None:
    control.try_scenario(partner.new_order(TCS), **USER, orders={"TCS": scenario})
    assert control.call("GET", "orders") == {"orders": []}


@pytest.mark.parametrize("result", ["fill", "partial", "open"])
def test_a_security_that_is_not_listed_cannot_reach_the_exchange(
    control: Control, partner: Partner, auth_id: str, result: str
) -> None:
    transaction_id = partner.new_order(TCS | {"ticker": "NOSUCH"})
    answer = control.try_scenario(transaction_id, **USER, orders={"NOSUCH": {"result": result}})
    assert answer.status_code == 400


IMPOSSIBLE_STEPS: list[tuple[dict[str, Any], int]] = [
    ({"ticker": "TCS", "result": "partial", "filled": 2}, 400),
    ({"ticker": "TCS", "result": "cancel", "filled": 1}, 400),
    ({"ticker": "TCS", "result": "open", "quantity": 2}, 400),
    ({"ticker": "TCS", "result": "cancel_amo"}, 400),
    ({"ticker": "INFY", "result": "fill"}, 404),
]


@pytest.mark.parametrize(("step", "status"), IMPOSSIBLE_STEPS)
def test_an_impossible_step_is_refused(
    control: Control, partner: Partner, auth_id: str, step: dict[str, Any], status: int
) -> None:
    batch = place_open(control, partner, result="partial", filled=2)
    assert control.client.post(f"/_sandbox/orders/{batch['batchId']}", json=step).status_code == status


@pytest.mark.parametrize("step", [step for step, _ in IMPOSSIBLE_STEPS])
def test_an_impossible_step_changes_nothing(
    control: Control, partner: Partner, auth_id: str, step: dict[str, Any]
) -> None:
    batch = place_open(control, partner, result="partial", filled=2)
    control.client.post(f"/_sandbox/orders/{batch['batchId']}", json=step)
    assert partner.batch(batch["transactionId"]) == batch


def test_a_final_order_takes_no_step(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner)
    control.step(batch["batchId"], "TCS", "reject")
    answer = control.client.post(f"/_sandbox/orders/{batch['batchId']}", json={"ticker": "TCS", "result": "fill"})
    assert answer.status_code == 409


def test_an_unused_batch_id_is_refused(control: Control) -> None:
    answer = control.client.post(f"/_sandbox/orders/{'0' * 24}", json={"ticker": "TCS", "result": "fill"})
    assert answer.status_code == 404
