"""An operator's corrections of what brokers can do: a setting that is parsed, and refused where it is wrong."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.market.broker_corrections import capabilities
from gateway_backend.domain.market.brokers import BROKERS, CAPABILITIES, Broker, find_broker, has_capability
from testing.template import template

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
    ("kite+amoOrders kite-amoOrders", "'kite-amoOrders' corrects kite's amoOrders a second time"),
    ("kite+amoOrders+amoOrders", "a second time"),
    ("kite+amoOrders kite-leprechaun+amoOrders", "corrects kite's amoOrders a second time"),
]


def test_no_correction_leaves_the_table_unchanged() -> None:
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
def test_a_wrong_part_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        capabilities(text)


@given(st.text() | st.text("kite+-amoOrders, "))
def test_any_text_is_a_table_or_a_value_error(text: str) -> None:
    try:
        assert {*BROKERS} <= {*capabilities(text)}
    except ValueError as refused:
        assert str(refused)  # noqa: PT017 - either will do


def test_the_corrected_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        capabilities("kite+amoOrders")["kite"] = Broker("kite", "x")  # type: ignore[index]
    assert BROKERS["kite"].amo_orders is None


def test_a_correction_of_a_new_broker_leaves_its_other_capabilities_unknown() -> None:
    table = capabilities("newbroker+securitiesOrders-limitOrders")

    capable = {capability: has_capability("newbroker-leprechaun", capability, table) for capability in CAPABILITIES}

    assert capable == {**dict.fromkeys(CAPABILITIES), "securitiesOrders": True, "limitOrders": False}


def test_the_templates_pattern_accepts_the_same_corrections() -> None:
    pattern = re.compile(template()["Parameters"]["BrokerCapabilities"]["AllowedPattern"])

    assert [text for text in FITS if not pattern.fullmatch(text.strip())] == []
    # A pattern cannot find a repetition.
    wrong = [text for text, why in DOES_NOT_FIT if "second time" not in why]
    assert [text for text in wrong if pattern.fullmatch(text)] == []
    assert all(capability in pattern.pattern for capability in CAPABILITIES)
