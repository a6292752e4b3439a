"""`POST /v1/session` through its handler: what brokers can do is served with the session."""

from typing import Any

import pytest

from gateway_backend.domain.market.brokers import BROKERS
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from testing.backend import Backend, environment
from testing.world import World


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    return Backend(monkeypatch)


def session(backend: Backend, account_id: str | None = None) -> dict[str, Any]:
    answer = backend.request("create_session", {"smallcaseAuthId": account_id} if account_id else {}, user="user-1")
    assert answer.status == 200, answer.body
    return dict(answer.json)


def session_with(backend: Backend, broker_key: str) -> dict[str, Any]:
    """Of a user who has linked an account at that broker."""
    world = World()
    world.connections = Connections(Table(backend.table, environment()["TABLE_NAME"]))
    world.link("account-1", broker=broker_key, imported=False)
    return session(backend, "account-1")


def listed(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {broker["broker"]: broker for broker in answer["brokers"]}


def test_a_guests_session_lists_the_capabilities_of_every_broker(backend: Backend) -> None:
    brokers = listed(session(backend))

    assert [*brokers] == [*BROKERS]
    assert brokers["fivepaisa"] == {
        "broker": "fivepaisa",
        "name": "5paisa",
        "holdingsImport": True,
        "securitiesOrders": True,
        "limitOrders": True,
        "fetchFunds": True,
        "amoOrders": None,
        "longLivedSession": False,
    }
    assert (brokers["hdfc"]["holdingsImport"], brokers["hdfc"]["limitOrders"]) == (False, False)
    assert {broker["fetchFunds"] for broker in brokers.values()} == {True}
    assert {broker["amoOrders"] for broker in brokers.values()} == {None}
    assert [key for key, broker in brokers.items() if broker["longLivedSession"]] == ["kite"]


def test_the_operators_corrections_are_served(backend: Backend) -> None:
    backend.set("BROKER_CAPABILITIES", "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders")

    brokers = listed(session(backend))

    assert [*brokers] == [*BROKERS, "newbroker"]
    assert brokers["groww"]["holdingsImport"] is False
    assert brokers["kite"]["amoOrders"] is True
    assert brokers["newbroker"] == {
        "broker": "newbroker",
        "name": "newbroker",
        "holdingsImport": None,
        "securitiesOrders": True,
        "limitOrders": None,
        "fetchFunds": None,
        "amoOrders": None,
        "longLivedSession": False,
    }


@pytest.mark.parametrize("key", ["kite", "kite-leprechaun"])
def test_an_accounts_session_lists_its_own_broker(backend: Backend, key: str) -> None:
    backend.set("BROKER_CAPABILITIES", "kite-leprechaun+amoOrders")

    answer = session_with(backend, key)

    assert answer["broker"] == key
    (kite,) = answer["brokers"]
    assert (kite["broker"], kite["name"], kite["amoOrders"]) == ("kite", "Zerodha", True)
    assert (kite["holdingsImport"], kite["longLivedSession"]) == (True, True)


@pytest.mark.parametrize("key", ["a-new-broker", "a-new-broker-leprechaun"])
def test_an_account_of_an_unknown_broker_gets_a_session(backend: Backend, key: str) -> None:
    answer = session_with(backend, key)

    assert answer["smallcaseAuthToken"]
    (only,) = answer["brokers"]
    assert (only.pop("broker"), only.pop("name"), only.pop("longLivedSession")) == ("a-new-broker",) * 2 + (False,)
    assert {*only.values()} == {None}


@pytest.mark.parametrize(("text", "amo"), [("true", True), ("false", False)])
def test_after_market_orders_are_offered_as_the_operator_chose(backend: Backend, text: str, amo: bool) -> None:
    backend.set("AFTER_MARKET_ORDERS", text)

    assert session(backend)["amo"] is amo
