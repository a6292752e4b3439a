"""The control API explains calls that it refuses."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import TCS
from tests.unit.sandbox.partner import SETTINGS, Control, Partner


def test_the_health_contains_the_gateways_name(control: Control) -> None:
    assert control.call("GET", "health") == {"status": "up", "gatewayName": SETTINGS.gateway_name}


@pytest.mark.parametrize("body", ["{", "[1]", "[" * 100_000])
def test_a_body_that_is_no_json_object_is_explained(control: Control, body: str) -> None:
    answer = control.client.post("/_sandbox/app-token", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([1], "Input should be an object"),
        ({"error": 3}, "error: Input should be an object"),
        ({"orders": {"TCS": 3}}, "orders.TCS: Input should be an object"),
        ({"orders": {"TCS": {"later": 3}}}, "orders.TCS.later: Input should be an object"),
    ],
)
def test_the_explanation_contains_no_class_name(control: Control, partner: Partner, body: Any, detail: str) -> None:
    path = f"/_sandbox/transactions/{partner.new_order(TCS)}/act"
    assert control.client.post(path, json=body).json()["detail"] == detail


def test_an_empty_body_is_an_empty_object(control: Control) -> None:
    answer = control.client.put("/_sandbox/accounts/groww/AB1234")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/_sandbox", 404), ("GET", "/_sandbox/nothing", 404), ("PUT", "/_sandbox/clock", 405)],
)
def test_a_call_that_does_not_exist_is_explained(control: Control, method: str, path: str, status: int) -> None:
    answer = control.client.request(method, path)
    assert answer.status_code == status
    assert f"{method} {path}" in answer.json()["detail"]


def test_a_call_that_does_not_exist_is_a_problem_with_its_status(control: Control) -> None:
    problem = control.client.get("/_sandbox/nothing").json()
    assert problem | {"detail": ""} == {"title": "Not Found", "status": 404, "detail": ""}


def test_a_call_that_does_not_exist_has_the_type_of_problems(control: Control) -> None:
    assert control.client.get("/_sandbox/nothing").headers["content-type"] == "application/problem+json"
