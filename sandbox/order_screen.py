"""The order screen: what the user makes of the orders that the partner asked for (contract 2.2, 2.3)."""

from typing import Any

from sandbox.accounts.investments import Investment
from sandbox.errors import ControlError
from sandbox.exact_json import to_float
from sandbox.exchange import Wish
from sandbox.orders.batch import Order
from sandbox.scenario import OrderResult, OrderScenario
from sandbox.transactions import Transaction

Scripts = dict[str, OrderScenario]


def securities(transaction: Transaction, scripts: Scripts, usual: OrderResult | None) -> list[Wish]:
    """Quantity and side may be the user's choice; even when given, the user may change them.

    `usual` is what comes of a security nothing is said about; None leaves that to the exchange.
    Raises: ControlError 400 for a security that is not on the screen, or when none is left.
    """
    asked = {one["ticker"]: one for one in transaction.order_config["securities"]}
    return _confirmed({ticker: _order(one) for ticker, one in asked.items()}, scripts, usual)


def smallcase(kind: str, investment: Investment, scripts: Scripts, usual: OrderResult) -> list[Wish]:
    """Gateway itself knows what such an order consists of: here, of the same two securities each time."""
    first, second = investment.constituents
    orders = [
        Order(first["ticker"], "BUY" if kind not in ("EXIT", "PARTIALEXIT", "REBALANCE") else "SELL", first["shares"]),
        Order(second["ticker"], "BUY" if kind not in ("EXIT", "PARTIALEXIT") else "SELL", second["shares"]),
    ]
    return _confirmed({order.ticker: order for order in orders}, scripts, usual)


def _confirmed(screen: dict[str, Order], scripts: Scripts, usual: OrderResult | None) -> list[Wish]:
    if unknown := scripts.keys() - screen.keys():
        raise ControlError(400, f"Not on the order screen: {', '.join(sorted(unknown))}. There: {', '.join(screen)}.")
    wishes = []
    for ticker, order in screen.items():
        script = scripts.get(ticker, OrderScenario())
        if script.result == "removed":
            continue
        order.quantity = script.quantity or order.quantity
        order.side = script.type or order.side
        if script.result is None and script.later is None:
            script = script.model_copy(update={"result": usual})
        wishes.append(Wish(order, script))
    if not wishes:
        raise ControlError(400, "The user took everything out: that is no order. Let the user cancel instead.")
    return wishes


def _order(security: dict[str, Any]) -> Order:
    price = security.get("price")
    return Order(
        ticker=security["ticker"],
        side=security.get("type") or "BUY",
        quantity=security.get("quantity") or 1,
        order_type=security.get("orderType") or "MARKET",
        limit=None if price is None else to_float(price),
    )
