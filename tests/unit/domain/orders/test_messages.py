"""A text and an action for every order, and never the broker's own text."""

from copy import replace
from typing import Any

import pytest

from gateway_backend.domain.orders.batch import Order, OrderStatus
from gateway_backend.domain.orders.messages import ADVICE, UNKNOWN, advise
from gateway_backend.domain.shared.errors import Action
from testing.builders import NOW

BROKERS_OWN_TEXT = "RMS:Margin Exceeds,Cash required 4201.00 for user XQ1234"
STOCK_CODES = {
    # Contract 5.4.
    **{"adapterError": Action.WAIT, "tradingSystemNotReady": Action.WAIT, "checkHoldings": Action.REFRESH},
    **{"marginsExceeded": Action.NONE, "orderUnmatched": Action.WAIT, "circuitLimitExceeded": Action.WAIT},
    # Those that it is not sure of.
    **{"marginExceeded": Action.NONE, "userNotLoggedIn": Action.RECONNECT, "clientNotEnabled": Action.NONE},
    **{"securityNotAllowed": Action.NONE, "amoNotAllowed": Action.WAIT, "networkError": Action.WAIT},
    **{"invalidOrder": Action.CONTACT_SUPPORT, "unknownError": Action.CONTACT_SUPPORT},
    **{"otherError": Action.CONTACT_SUPPORT},
}


def stock(status: OrderStatus = OrderStatus.REJECTED, code: str | None = None, **more: Any) -> Order:
    return Order("AXISBANK", "BUY", status, NOW, 10, error_code=code, status_message=BROKERS_OWN_TEXT, **more)


@pytest.mark.parametrize(("code", "action"), STOCK_CODES.items())
def test_every_documented_code_has_a_text_and_an_action(code: str, action: Action) -> None:
    advice = advise(stock(code=code), "regular")

    assert advice.text.endswith(".")
    assert advice.action is action
    assert code not in advice.text


@pytest.mark.parametrize("status", [OrderStatus.REJECTED, OrderStatus.ERROR, OrderStatus.CANCELLED])
@pytest.mark.parametrize("code", ["aCodeOfTomorrow", "", "CHECKHOLDINGS", "limit"])
def test_an_unknown_code_gets_the_text_of_the_status(status: OrderStatus, code: str) -> None:
    assert advise(stock(status, code), None) == advise(stock(status), None)


@pytest.mark.parametrize("code", ["circuitLimit", "circuitLimitExceeded", "circuitLimitBreach"])
def test_the_circuit_limits_code_is_recognised_by_its_beginning(code: str) -> None:
    assert "limit for the day" in advise(stock(code=code), None).text


def test_every_status_has_a_text_of_its_own() -> None:
    texts = [advise(stock(status), None).text for status in OrderStatus]

    assert all(text.endswith(".") for text in texts)
    assert len(set(texts)) == len(OrderStatus)


def test_a_rejection_without_a_reason_sends_the_user_to_support() -> None:
    assert advise(stock(), None) == UNKNOWN


@pytest.mark.parametrize("code", ["marginsExceeded", "aCodeOfTomorrow"])
def test_an_open_or_complete_order_is_not_called_failed_for_its_error_code(code: str) -> None:
    for status in (OrderStatus.COMPLETE, OrderStatus.PLACED, OrderStatus.UNKNOWN):
        assert advise(stock(status, code), None) == advise(stock(status), None)


def test_an_after_market_order_is_called_so_while_it_is_placed() -> None:
    assert "after-market" in advise(stock(OrderStatus.PLACED), "amo").text
    assert "after-market" not in advise(stock(OrderStatus.PLACED), "regular").text
    assert advise(stock(OrderStatus.COMPLETE), "amo").text == "Done."


def test_a_partial_fill_gives_the_reason_for_the_rest() -> None:
    advice = advise(replace(stock(OrderStatus.REJECTED, "marginsExceeded"), filled=4), "regular")
    assert advice.text == f"Filled in part. The rest: {ADVICE['marginsExceeded'].text}"
    assert advise(replace(stock(OrderStatus.CANCELLED, None), filled=4), None).text.startswith("Filled in part")
