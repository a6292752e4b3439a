"""[I] Limit orders: sent under the names that the operator has set, and refused where there are none."""

from copy import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.orders.request import RequestedSecurity, is_limited
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.transaction_requests import BUY, LIMIT_RULES, RULES, basket, basket_of_reliance, order_of, refusal, sent


def test_limit_fields_are_sent_under_the_names_of_gateway() -> None:
    limited = BUY | {"orderType": "SL", "validity": "DAY", "price": 1402.5, "triggerPrice": 1400}

    assert sent(basket(limited), LIMIT_RULES)["orderConfig"]["securities"] == [
        BUY | {"orderType": "SL", "validity": "DAY", "limitPrice": Decimal("1402.5"), "stopPrice": 1400}
    ]


def test_the_order_has_the_limit_fields() -> None:
    body = basket_of_reliance(orderType="SL", validity="IOC", price=1402.5, triggerPrice=1400)

    assert order_of(body).securities == (
        RequestedSecurity("RELIANCE", None, None, "SL", "IOC", Decimal("1402.5"), Decimal(1400)),
    )


LIMITED = pytest.mark.parametrize(
    ("more", "named"), [({"orderType": "LIMIT", "price": 1}, "orderType"), ({"validity": "DAY"}, "validity")]
)


@LIMITED
def test_a_limit_field_is_refused_where_none_is_set_up(more: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestInvalid, match=rf"orderConfig\.securities\.0\.{named}"):
        RULES.check(order_of(basket_of_reliance(**more)))


@LIMITED
def test_a_limit_field_is_accepted_where_it_is_set_up(more: dict[str, Any], named: str) -> None:
    order = order_of(basket_of_reliance(**more))

    LIMIT_RULES.check(order)
    assert is_limited(order.securities[0])


def test_a_limit_order_is_refused_where_its_price_has_no_name() -> None:
    """Sent without it, it would be another order."""
    order = order_of(basket_of_reliance(orderType="LIMIT", price=1))

    with pytest.raises(RequestInvalid, match=r"orderConfig\.securities\.0\.price"):
        replace(RULES, limit_fields={"orderType": "orderType"}).check(order)


def test_a_market_order_is_no_limit_order() -> None:
    order = order_of(basket_of_reliance(orderType="MARKET"))
    RULES.check(order)

    assert not is_limited(order.securities[0])


def test_the_word_market_is_not_sent_where_limit_orders_are_not_set_up() -> None:
    assert sent(basket_of_reliance(orderType="MARKET"))["orderConfig"]["securities"] == [{"ticker": "RELIANCE"}]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"orderType": "LIMIT"}, "price is needed for a LIMIT order"),
        ({"orderType": "SL", "price": 1}, "triggerPrice is needed for a SL order"),
        ({"orderType": "SL", "triggerPrice": 1}, "price is needed for a SL order"),
        ({"orderType": "SLM"}, "triggerPrice is needed for a SLM order"),
        ({"orderType": "SLM", "triggerPrice": 1, "price": 1}, "price is not part of a SLM order"),
        ({"orderType": "LIMIT", "price": 1, "triggerPrice": 1}, "triggerPrice is not part of a LIMIT order"),
        ({"orderType": "MARKET", "price": 1}, "price is not part of a MARKET order"),
        ({"price": 1}, "price is not part of a MARKET order"),
        ({"triggerPrice": 1}, "triggerPrice is not part of a MARKET order"),
    ],
)
def test_a_price_belongs_to_the_kinds_of_order_that_have_a_price(members: dict[str, Any], named: str) -> None:
    assert named in refusal(basket_of_reliance(**members))


@pytest.mark.parametrize(
    "more",
    [{"orderType": "limit", "price": 1}, {"orderType": "SL-M", "triggerPrice": 1}, {"validity": "GTC"},
     {"orderType": "LIMIT", "price": 0}, {"orderType": "LIMIT", "price": -1}, {"orderType": "LIMIT", "price": 1.005},
     {"orderType": "LIMIT", "price": "x"}, {"orderType": "LIMIT", "price": 10**13}],
)  # fmt: skip
def test_a_limit_field_without_a_meaning_is_refused(more: dict[str, Any]) -> None:
    assert "orderConfig" in refusal(basket_of_reliance(**more))
