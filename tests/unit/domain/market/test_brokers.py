"""Brokers and Gateway's error codes: what is known has words, what is not breaks nothing."""

import pytest

from gateway_backend.domain.market.brokers import BROKERS, Broker, find_broker
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.messages import ADVICE, UNKNOWN, advise

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
CONTRACT_5_5 = [
    *(90, 100, 3002, 3003, 3004),
    *(1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014),
    *(2000, 2001, 3000, 3001, 4000, 4003, 4004, 4005, 4006),
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


def test_only_zerodha_refreshes_without_a_login_in_its_test_variant_too() -> None:
    assert [key for key, found in BROKERS.items() if found.long_lived] == ["kite"]
    assert find_broker("kite-leprechaun", BROKERS) == find_broker("kite", BROKERS)


@pytest.mark.parametrize("key", ["a-new-broker", "", "-leprechaun"])
def test_a_broker_nobody_knows_can_do_nothing_special(key: str) -> None:
    found = find_broker(key, BROKERS)

    assert found == Broker(found.key, found.name)


@pytest.mark.parametrize("code", CONTRACT_5_5)
def test_every_error_code_of_the_contract_has_a_text_for_the_user(code: int) -> None:
    assert code in ADVICE
    assert advise(code).text.endswith(".")
    assert str(code) not in advise(code).text


def test_an_unknown_code_gets_a_general_answer() -> None:
    assert advise(987654) == UNKNOWN


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (1012, Action.RECONNECT),
        (3001, Action.RECONNECT),
        (4003, Action.WAIT),
        (4004, Action.WAIT),
        (100, Action.CONTACT_SUPPORT),
    ],
)
def test_the_advice_is_one_that_helps(code: int, action: Action) -> None:
    assert advise(code).action is action
