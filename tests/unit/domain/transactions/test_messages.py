"""A text and an action for every transaction error of the contract."""

import pytest

from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.messages import ADVICE, UNKNOWN, advise

CONTRACT_5_5 = [
    *(90, 100, 3002, 3003, 3004),
    *(1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014),
    *(2000, 2001, 3000, 3001, 4000, 4003, 4004, 4005, 4006),
]


@pytest.mark.parametrize("code", CONTRACT_5_5)
def test_every_error_code_of_the_contract_has_a_text_for_the_user(code: int) -> None:
    assert code in ADVICE
    assert advise(code).text.endswith(".")
    assert str(code) not in advise(code).text


def test_an_unknown_code_gets_the_general_text() -> None:
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
def test_the_action_is_what_the_user_can_do(code: int, action: Action) -> None:
    assert advise(code).action is action


@pytest.mark.parametrize("code", [0, 1000, 4001, 9999])
def test_an_undocumented_code_gets_the_general_text(code: int) -> None:
    assert advise(code) == UNKNOWN


def test_a_pending_order_is_not_called_failed() -> None:
    assert advise(4006) == (
        "Your order is on its way. Its status will be updated shortly.",
        "WAIT",
    )
