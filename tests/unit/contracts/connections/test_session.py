"""The bodies of `POST /v1/session`."""

from copy import replace
from typing import Any

from gateway_backend.contracts.connections.session import BrokerView, SessionRequest
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.market.brokers import CAPABILITIES, Broker
from testing.refusals import refusal


def test_a_session_needs_no_body() -> None:
    assert parse_body(SessionRequest, b"").smallcase_auth_id is None


def test_a_session_may_be_for_an_account() -> None:
    assert parse_body(SessionRequest, b'{"smallcaseAuthId":"abc"}').smallcase_auth_id == "abc"


def test_a_wrong_account_id_is_named() -> None:
    assert "smallcaseAuthId" in refusal(SessionRequest, '{"smallcaseAuthId":5}')


def test_every_capability_is_served_under_the_name_that_corrects_it() -> None:
    assert {*CAPABILITIES.values()} == set(Broker._fields) - {"key", "name", "long_lived"}
    for served_name, name in CAPABILITIES.items():
        able: dict[str, Any] = {name: True}
        view = BrokerView.of(replace(Broker("x", "x"), **able)).model_dump(by_alias=True)
        assert [served for served, value in view.items() if value is True] == [served_name]
