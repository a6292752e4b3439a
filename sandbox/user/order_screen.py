"""The order screen, on which the user edits and confirms the partner's orders (contract 2.2, 2.3)."""

from typing import Any

from sandbox.accounts.investments import Investment
from sandbox.errors import ControlError
from sandbox.exact_json import to_float
from sandbox.exchange.exchange import OrderPlan
from sandbox.orders.batch import Order
from sandbox.scenario import OrderResult, OrderScenario
from sandbox.transactions import Transaction

Scenarios = dict[str, OrderScenario]


def securities_orders(transaction: Transaction, scenarios: Scenarios, default: OrderResult | None) -> list[OrderPlan]:
    """The orders of a basket; the user may change quantity and side, and decides on them if the partner did not.

    `default` is the result of securities without a scenario; None leaves the decision to the exchange.
    Raises: ControlError 400 for a security that is not on the screen, or when none is left.
    """
    screen = {security["ticker"]: security for security in transaction.order_config["securities"]}
    return _confirm({ticker: _order(security) for ticker, security in screen.items()}, scenarios, default)


def smallcase_orders(
    order_type: str, investment: Investment, scenarios: Scenarios, default: OrderResult
) -> list[OrderPlan]:
    """The orders of a smallcase, which Gateway decides on: here, always for the same two securities."""
    first, second = investment.constituents
    sells_all = order_type in ("EXIT", "PARTIALEXIT")
    sells_first = sells_all or order_type == "REBALANCE"
    orders = [
        Order(first["ticker"], "SELL" if sells_first else "BUY", first["shares"]),
        Order(second["ticker"], "SELL" if sells_all else "BUY", second["shares"]),
    ]
    return _confirm({order.ticker: order for order in orders}, scenarios, default)


def _confirm(screen: dict[str, Order], scenarios: Scenarios, default: OrderResult | None) -> list[OrderPlan]:
    if unknown := scenarios.keys() - screen.keys():
        raise ControlError(400, f"Not on the order screen: {', '.join(sorted(unknown))}. There: {', '.join(screen)}.")
    plans = []
    for ticker, order in screen.items():
        scenario = scenarios.get(ticker, OrderScenario())
        if scenario.result == "removed":
            continue
        order.quantity = scenario.quantity or order.quantity
        order.side = scenario.type or order.side
        if scenario.result is None and scenario.later is None:
            scenario = scenario.model_copy(update={"result": default})
        plans.append(OrderPlan(order, scenario))
    if not plans:
        raise ControlError(400, "The user took everything out: that is no order. Let the user cancel instead.")
    return plans


def _order(security: dict[str, Any]) -> Order:
    price = security.get("price")
    return Order(
        ticker=security["ticker"],
        side=security.get("type") or "BUY",
        quantity=security.get("quantity") or 1,
        order_type=security.get("orderType") or "MARKET",
        limit=None if price is None else to_float(price),
    )
