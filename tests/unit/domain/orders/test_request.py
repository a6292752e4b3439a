"""What may be ordered: the operator's limits, limit orders only where they are set up, and warnings of short sales."""

from decimal import Decimal

import pytest

from gateway_backend.domain.orders.request import (
    OrderRequest,
    OrderRules,
    RequestedSecurity,
    SellWarning,
    is_limited,
    uncovered,
)
from gateway_backend.domain.shared.errors import RequestInvalid
from testing.builders import NOW

RULES = OrderRules(2, 1000, {}, frozenset({"meta"}))
LIMITED = RequestedSecurity("TCS", 1, "BUY", order_type="LIMIT", price=Decimal("3500.05"))


def basket(*securities: RequestedSecurity) -> OrderRequest:
    return OrderRequest("SECURITIES", securities)


def test_a_basket_within_the_limits_is_accepted() -> None:
    RULES.check(basket(RequestedSecurity("TCS", 1000, "BUY"), RequestedSecurity("INFY")))


def test_a_basket_of_too_many_securities_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="at most 2 in one basket"):
        RULES.check(basket(*[RequestedSecurity("TCS")] * 3))


def test_too_many_shares_of_a_security_are_refused_with_its_position() -> None:
    with pytest.raises(RequestInvalid, match=r"securities\.1\.quantity: at most 1000"):
        RULES.check(basket(RequestedSecurity("TCS", 1000), RequestedSecurity("INFY", 1001)))


def test_a_limit_order_is_refused_where_none_is_set_up() -> None:
    with pytest.raises(RequestInvalid, match=r"securities\.0\.orderType: limit orders are not set up"):
        RULES.check(basket(LIMITED))


def test_a_limit_order_is_accepted_where_its_fields_are_set_up() -> None:
    RULES._replace(limit_fields={"orderType": "orderType", "price": "limitPrice"}).check(basket(LIMITED))


def test_a_limit_order_is_refused_where_a_field_of_it_is_missing() -> None:
    with pytest.raises(RequestInvalid, match=r"securities\.0\.price"):
        RULES._replace(limit_fields={"orderType": "orderType"}).check(basket(LIMITED))


@pytest.mark.parametrize(
    ("security", "limited"), [(LIMITED, True), (RequestedSecurity("TCS", order_type="MARKET"), False)]
)
def test_a_security_is_limited_unless_it_is_a_market_order(security: RequestedSecurity, limited: bool) -> None:
    assert is_limited(security) is limited


def test_limit_fields_without_the_order_type_are_refused() -> None:
    with pytest.raises(ValueError, match="orderType must be among them"):
        OrderRules.parse_limit_fields("price=limitPrice")


def test_a_sale_of_more_than_can_be_sold_is_warned_of() -> None:
    order = basket(RequestedSecurity("TCS", 5, "SELL"), RequestedSecurity("INFY", 4, "SELL"))

    assert uncovered(order, {"TCS": 4, "INFY": 4}, NOW) == [SellWarning("TCS", 4, NOW)]


def test_a_sale_without_a_quantity_is_of_a_single_share_at_least() -> None:
    order = basket(RequestedSecurity("TCS", side="SELL"), RequestedSecurity("INFY", side="SELL"))

    assert uncovered(order, {"TCS": 1}, NOW) == [SellWarning("INFY", 0, NOW)]


def test_a_purchase_needs_no_shares() -> None:
    assert uncovered(basket(RequestedSecurity("TCS", 5, "BUY"), RequestedSecurity("TCS", 5)), {}, NOW) == []


@pytest.mark.parametrize(
    ("transactable", "code", "text"),
    [
        (0, "NOT_HELD", "You held no shares of TCS that can be sold when we last looked."),
        (1, "MORE_THAN_TRANSACTABLE", "You held 1 share of TCS that can be sold when we last looked."),
        (4, "MORE_THAN_TRANSACTABLE", "You held 4 shares of TCS that can be sold when we last looked."),
    ],
)
def test_a_warning_has_a_code_and_a_text(transactable: int, code: str, text: str) -> None:
    warning = SellWarning("TCS", transactable, NOW)

    assert (warning.code, warning.text) == (code, text)
