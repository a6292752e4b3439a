"""What brokers can do through Gateway, as the contract has it; an unknown broker breaks nothing."""

import pytest

from gateway_backend.domain.market.broker_corrections import capabilities
from gateway_backend.domain.market.brokers import BROKERS, Broker, find_broker, has_capability

CONTRACT_7_1 = [
    "aliceblue",
    "angelbroking",
    "axis",
    "dhan",
    "edelweiss",
    "fisdom",
    "fivepaisa",
    "fundzbazar",
    "groww",
    "hdfc",
    "hdfcsky",
    "icici",
    "iifl",
    "kite",
    "kotak",
    "motilal",
    "paytm",
    "sbi",
    "trustline",
    "upstox",
]


@pytest.mark.parametrize("key", CONTRACT_7_1)
def test_every_broker_of_the_contract_has_a_name(key: str) -> None:
    assert find_broker(key, BROKERS).name != key
    assert find_broker(key, BROKERS).key == key


def test_holdings_import_and_orders_are_as_in_the_contract() -> None:
    def able(feature: str) -> set[str]:
        return {key for key, found in BROKERS.items() if getattr(found, feature)}

    assert able("holdings_import") == {
        *("fivepaisa", "angelbroking", "dhan", "fisdom", "groww", "iifl", "motilal", "trustline", "upstox"),
        *("kite", "hdfcsky"),
    }
    assert able("securities_orders") == {
        *("aliceblue", "angelbroking", "axis", "edelweiss", "fivepaisa", "groww", "hdfc", "icici", "iifl", "kite"),
        *("kotak", "motilal", "trustline", "upstox"),
    }
    assert able("limit_orders") == {"fivepaisa", "kite", "groww"}


def test_only_zerodha_refreshes_without_a_login() -> None:
    assert [key for key, found in BROKERS.items() if found.long_lived] == ["kite"]


def test_a_virtual_test_account_has_the_capabilities_of_its_broker() -> None:
    assert find_broker("kite-leprechaun", BROKERS) == find_broker("kite", BROKERS)


@pytest.mark.parametrize("key", ["a-new-broker", "", "-leprechaun"])
def test_an_unknown_broker_has_no_known_capabilities(key: str) -> None:
    found = find_broker(key, BROKERS)

    assert found == Broker(found.key, found.name)


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
def test_an_unknown_capability_is_left_to_gateway(key: str, capability: str, answer: bool | None) -> None:
    assert has_capability(key, capability, capabilities("")) is answer
