"""What brokers can do is data: served with the session, corrected by the operator, and unknown without harm."""

import re
from copy import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.connections.session import BrokerView
from gateway_backend.domain.market.broker_corrections import capabilities
from gateway_backend.domain.market.brokers import BROKERS, CAPABILITIES, Broker, find_broker, has_capability
from gateway_backend.runtime.settings import SettingMissing, Settings
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.dynamodb.table import Table
from testing.backend import Backend, environment
from testing.template import template
from testing.world import World

KEYS = st.sampled_from([*BROKERS, "newbroker", "another_1"])
CHANGES = st.dictionaries(st.tuples(KEYS, st.sampled_from([*CAPABILITIES])), st.booleans(), max_size=12)
FITS = [
    "",
    "groww-holdingsImport",
    "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders+limitOrders",
    "groww-holdingsImport, kite+amoOrders-limitOrders",
    "kite-leprechaun+amoOrders",
    "  kite-fetchFunds  ",
]
DOES_NOT_FIT = [
    ("kite", "'kite' is not a broker's key with"),
    ("+amoOrders", "'+amoOrders' is not a broker's key with"),
    ("kite+amoOrders GROWW-amoOrders", "'GROWW-amoOrders' is not a broker's key with"),
    ("kite + amoOrders", "'kite' is not"),
    ("kite=amoOrders", "'kite=amoOrders' is not"),
    ("kite+amoOrders;groww-amoOrders", "'kite+amoOrders;groww-amoOrders' is not"),
    ("kite+", "'kite+' is not"),
    ("kite+amoorders", "'kite+amoorders': amoorders is none of holdingsImport, securitiesOrders"),
    ("kite+basketOrders", "basketOrders is none of"),
    ("kite+amoOrdersgroww-amoOrders", "amoOrdersgroww is none of"),
    ("kite-leprechaun", "leprechaun is none of"),
    (
        "groww+longLivedSession",
        "'groww+longLivedSession': longLivedSession cannot be corrected, because what is stored",
    ),
    ("kite-longLivedSession", "longLivedSession cannot be corrected"),
    ("kite+amoOrders kite-amoOrders", "'kite-amoOrders' speaks of kite's amoOrders a second time"),
    ("kite+amoOrders+amoOrders", "a second time"),
    ("kite+amoOrders kite-leprechaun+amoOrders", "speaks of kite's amoOrders a second time"),
]


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


def listed(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["broker"]: each for each in told["brokers"]}


# The session -----------------------------------------------------------------------------------


def test_a_guest_is_told_what_every_broker_can_do(backend: Backend) -> None:
    told = listed(session(backend))

    assert [*told] == [*BROKERS]
    assert told["fivepaisa"] == {
        "broker": "fivepaisa",
        "name": "5paisa",
        "holdingsImport": True,
        "securitiesOrders": True,
        "limitOrders": True,
        "fetchFunds": True,
        "amoOrders": None,
        "longLivedSession": False,
    }
    assert (told["hdfc"]["holdingsImport"], told["hdfc"]["limitOrders"]) == (False, False)
    assert {each["fetchFunds"] for each in told.values()} == {True}
    assert {each["amoOrders"] for each in told.values()} == {None}
    assert [key for key, each in told.items() if each["longLivedSession"]] == ["kite"]


def test_the_operators_corrections_are_served(backend: Backend) -> None:
    backend.set("BROKER_CAPABILITIES", "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders")

    told = listed(session(backend))

    assert [*told] == [*BROKERS, "newbroker"]
    assert told["groww"]["holdingsImport"] is False
    assert told["kite"]["amoOrders"] is True
    assert told["newbroker"] == {
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
def test_an_account_is_told_of_its_own_broker_also_in_its_test_variant(backend: Backend, key: str) -> None:
    backend.set("BROKER_CAPABILITIES", "kite-leprechaun+amoOrders")

    told = session_with(backend, key)

    assert told["broker"] == key
    (kite,) = told["brokers"]
    assert (kite["broker"], kite["name"], kite["amoOrders"]) == ("kite", "Zerodha", True)
    assert (kite["holdingsImport"], kite["longLivedSession"]) == (True, True)


@pytest.mark.parametrize("key", ["a-new-broker", "a-new-broker-leprechaun"])
def test_an_account_of_a_broker_nobody_knows_gets_its_session(backend: Backend, key: str) -> None:
    told = session_with(backend, key)

    assert told["smallcaseAuthToken"]
    (only,) = told["brokers"]
    assert (only.pop("broker"), only.pop("name"), only.pop("longLivedSession")) == ("a-new-broker",) * 2 + (False,)
    assert {*only.values()} == {None}


@pytest.mark.parametrize(("text", "amo"), [("true", True), ("false", False)])
def test_after_market_orders_are_the_operators_choice(backend: Backend, text: str, amo: bool) -> None:
    backend.set("AFTER_MARKET_ORDERS", text)

    assert session(backend)["amo"] is amo


def test_every_capability_is_served_under_the_word_that_corrects_it() -> None:
    assert {*CAPABILITIES.values()} == set(Broker._fields) - {"key", "name", "long_lived"}
    for word, name in CAPABILITIES.items():
        able: dict[str, Any] = {name: True}
        view = BrokerView.of(replace(Broker("x", "x"), **able)).model_dump(by_alias=True)
        assert [served for served, value in view.items() if value is True] == [word]


# Corrections -----------------------------------------------------------------------------------


def test_without_corrections_the_table_is_ours() -> None:
    assert capabilities("") == BROKERS
    assert capabilities(" ") == BROKERS


@given(CHANGES)
def test_a_correction_changes_what_it_names_and_nothing_else(changes: dict[tuple[str, str], bool]) -> None:
    text = " ".join(f"{key}{'+' if able else '-'}{capability}" for (key, capability), able in changes.items())

    corrected = capabilities(text)

    assert {*corrected} == {*BROKERS} | {key for key, _ in changes}
    for key in corrected:
        for capability in CAPABILITIES:
            assert has_capability(key, capability, corrected) is changes.get(
                (key, capability), has_capability(key, capability, BROKERS)
            )
        assert (corrected[key].name, corrected[key].long_lived) == (
            find_broker(key, BROKERS).name,
            find_broker(key, BROKERS).long_lived,
        )


@given(CHANGES, st.randoms(use_true_random=False))
def test_the_order_and_the_grouping_of_corrections_do_not_matter(
    changes: dict[tuple[str, str], bool], random: Any
) -> None:
    by_key: dict[str, str] = {}
    for (key, capability), able in changes.items():
        by_key[key] = by_key.get(key, key) + f"{'+' if able else '-'}{capability}"
    grouped = [*by_key.values()]
    random.shuffle(grouped)
    apart = [f"{key}{'+' if able else '-'}{capability}" for (key, capability), able in changes.items()]

    assert capabilities(", ".join(grouped)) == capabilities(" ".join(apart))


@pytest.mark.parametrize(("text", "why"), DOES_NOT_FIT)
def test_a_part_that_does_not_fit_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        capabilities(text)


@given(st.text() | st.text("kite+-amoOrders, "))
def test_any_text_is_a_table_or_a_value_error(text: str) -> None:
    try:
        assert {*BROKERS} <= {*capabilities(text)}
    except ValueError as refused:
        assert str(refused)  # noqa: PT017 - either will do


def test_nobody_changes_the_table_behind_the_others_backs() -> None:
    with pytest.raises(TypeError):
        capabilities("kite+amoOrders")["kite"] = Broker("kite", "x")  # type: ignore[index]
    assert BROKERS["kite"].amo_orders is None


# What a check may rely on ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "capability", "answer"),
    [
        ("hdfc", "holdingsImport", False),
        ("groww", "securitiesOrders", True),
        ("groww-leprechaun", "limitOrders", True),
        ("dhan", "securitiesOrders", False),
        ("paytm", "fetchFunds", True),
        ("kite", "amoOrders", None),
        ("a-new-broker", "securitiesOrders", None),
        ("", "fetchFunds", None),
    ],
)
def test_what_nobody_knows_is_left_to_gateway(key: str, capability: str, answer: bool | None) -> None:
    assert has_capability(key, capability, capabilities("")) is answer


def test_one_word_about_a_new_broker_does_not_forbid_the_rest() -> None:
    table = capabilities("newbroker+securitiesOrders-limitOrders")

    told = {capability: has_capability("newbroker-leprechaun", capability, table) for capability in CAPABILITIES}

    assert told == {**dict.fromkeys(CAPABILITIES), "securitiesOrders": True, "limitOrders": False}


# Settings --------------------------------------------------------------------------------------


def test_a_worker_reads_both_settings() -> None:
    plain = Settings.read(environment())
    set_up = Settings.read(environment() | {"BROKER_CAPABILITIES": FITS[2], "AFTER_MARKET_ORDERS": "false"})

    assert (plain.broker_capabilities, plain.after_market_orders) == ("", True)
    assert (set_up.broker_capabilities, set_up.after_market_orders) == (FITS[2], False)


def test_a_worker_with_a_text_that_does_not_fit_does_not_start() -> None:
    with pytest.raises(SettingMissing, match="BROKER_CAPABILITIES: 'kite' is not"):
        _ = Settings.read(environment() | {"BROKER_CAPABILITIES": "kite"}).brokers


@pytest.mark.parametrize("value", ["", "yes", "True", "1"])
def test_a_switch_is_true_or_false(value: str) -> None:
    with pytest.raises(SettingMissing, match="AFTER_MARKET_ORDERS"):
        Settings.read(environment() | {"AFTER_MARKET_ORDERS": value})


def test_cloudformation_refuses_already_what_a_worker_would() -> None:
    pattern = re.compile(template()["Parameters"]["BrokerCapabilities"]["AllowedPattern"])

    assert [text for text in FITS if not pattern.fullmatch(text.strip())] == []
    # That something is said twice is beyond a pattern.
    wrong = [text for text, why in DOES_NOT_FIT if "second time" not in why]
    assert [text for text in wrong if pattern.fullmatch(text)] == []
    assert all(capability in pattern.pattern for capability in CAPABILITIES)
