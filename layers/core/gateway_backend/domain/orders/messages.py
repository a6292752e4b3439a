"""What has become of a stock order, in words for the user (contract 5.2, 5.4).

The broker's own text (`statusMessage`) is gibberish at times and names internals: it is never shown.
"""

from gateway_backend.domain.orders.batch import Order, OrderStatus
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions.messages import Advice

_FUNDS = Advice("Your broker account does not have enough funds for this order.", Action.NONE)
_CIRCUIT = Advice("The price has hit the exchange's limit for the day. Please try again later.", Action.WAIT)
_SETUP = Advice("Your broker did not accept this order. Please contact support.", Action.CONTACT_SUPPORT)
UNKNOWN = Advice("Your broker could not carry out this order.", Action.CONTACT_SUPPORT)

ADVICE = {
    "adapterError": Advice("Your broker could not be reached. Please try again in a while.", Action.WAIT),
    "tradingSystemNotReady": Advice(
        "Your broker does not take orders right now. Please try again in market hours.", Action.WAIT
    ),
    "checkHoldings": Advice("You do not hold enough shares that can be sold.", Action.REFRESH),
    "marginsExceeded": _FUNDS,
    "marginExceeded": _FUNDS,
    "orderUnmatched": Advice("Nobody took the other side of this order. Please try again later.", Action.WAIT),
    "userNotLoggedIn": Advice("Your broker wants you to log in again.", Action.RECONNECT),
    "clientNotEnabled": Advice("Your broker account is not enabled for this. Please ask your broker.", Action.NONE),
    "securityNotAllowed": Advice("Your broker does not allow orders in this security.", Action.NONE),
    "amoNotAllowed": Advice("Your broker takes no order for this after market hours.", Action.WAIT),
    "networkError": Advice("Your broker could not be reached. Please try again in a while.", Action.WAIT),
    "invalidOrder": _SETUP,
    "unknownError": UNKNOWN,
    "otherError": UNKNOWN,
}
_CIRCUIT_LIMIT = "circuitLimit"
"""The documented code begins so; how it ends was cut off."""

_BY_STATUS = {
    OrderStatus.UNKNOWN: Advice("Your broker is working on this order.", Action.WAIT),
    OrderStatus.ACKED: Advice("Your broker has received this order.", Action.WAIT),
    OrderStatus.PLACED: Advice("Placed with your broker.", Action.WAIT),
    OrderStatus.PARTIAL: Advice("Filled in part; the rest is still open.", Action.WAIT),
    OrderStatus.COMPLETE: Advice("Done.", Action.NONE),
    OrderStatus.CANCELLED: Advice("Cancelled before it was filled.", Action.NONE),
    OrderStatus.CANCELLED_AMO: Advice("You cancelled this order before the market opened.", Action.NONE),
    OrderStatus.REJECTED: UNKNOWN,
    OrderStatus.ERROR: Advice("This order could not be placed with your broker.", Action.CONTACT_SUPPORT),
}
_REST_CANCELLED = Advice("Filled in part; the rest will not be.", Action.NONE)
_AMO = Advice("Placed with your broker as an after-market order.", Action.WAIT)


def advise(order: Order, variety: str | None) -> Advice:
    """An unknown code gets the text of its status."""
    if not order.status.is_final and order.filled:
        return _BY_STATUS[OrderStatus.PARTIAL]
    if not order.status.is_final:
        return _AMO if variety == "amo" and order.status is OrderStatus.PLACED else _BY_STATUS[order.status]
    if order.status is OrderStatus.COMPLETE:
        return _BY_STATUS[order.status]
    reason = _reason(order)
    if order.filled:
        return (
            Advice(f"Filled in part. The rest: {reason.text}", reason.action) if order.error_code else _REST_CANCELLED
        )
    return reason


def _reason(order: Order) -> Advice:
    if order.error_code and order.error_code.startswith(_CIRCUIT_LIMIT):
        return _CIRCUIT
    return ADVICE.get(order.error_code or "", _BY_STATUS[order.status])
