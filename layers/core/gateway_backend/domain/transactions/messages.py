"""Gateway's transaction errors (contract 5.5) in words for the user, with what the user can do."""

from typing import NamedTuple

from gateway_backend.domain.shared.errors import Action


class Advice(NamedTuple):
    text: str
    action: Action


_CANCELLED = Advice("You closed the window before it was finished. Start again when you are ready.", Action.RECONNECT)
_EXPIRED = Advice("This took too long and has expired. Please start again.", Action.RECONNECT)
_NO_BROKER = Advice("No supported broker was chosen.", Action.NONE)
_MARKET_CLOSED = Advice("The market is closed. Please try again in market hours.", Action.WAIT)
_SETUP = Advice("Something is set up wrong on our side. Please contact support.", Action.CONTACT_SUPPORT)
_CONSENT = Advice("You did not allow access to your broker account.", Action.RECONNECT)
UNKNOWN = Advice(
    "This could not be finished. Please try again, or contact support if it happens again.",
    Action.CONTACT_SUPPORT,
)

ADVICE = {
    90: _SETUP,
    100: _SETUP,
    1001: Advice("You logged in to another broker account than the linked one.", Action.RECONNECT),
    1002: _CANCELLED,
    1003: _CONSENT,
    1004: Advice("You do not hold enough shares to sell.", Action.REFRESH),
    1005: _EXPIRED,
    1006: _NO_BROKER,
    1007: _NO_BROKER,
    1008: Advice("None of the supported brokers can do this.", Action.NONE),
    1010: _CANCELLED,
    1011: _CANCELLED,
    1012: _CANCELLED,
    1013: _CONSENT,
    1014: Advice("No browser that can do this was found. Install or allow one, then start again.", Action.RECONNECT),
    2000: UNKNOWN,
    2001: Advice("Your broker could not hand over your holdings. Please try again later.", Action.WAIT),
    3000: Advice("Your broker does not support this.", Action.NONE),
    3001: _EXPIRED,
    3002: _SETUP,
    3003: Advice("Another transaction is still open. Finish or close it first.", Action.WAIT),
    3004: _SETUP,
    4000: Advice("You are already subscribed.", Action.NONE),
    4003: Advice("Your broker is still preparing your holdings. They will appear shortly.", Action.WAIT),
    4004: _MARKET_CLOSED,
    4005: _MARKET_CLOSED,
    4006: Advice("Your order is on its way. Its status will be updated shortly.", Action.WAIT),
}


def advise(code: int) -> Advice:
    """What the user reads; an unknown code gets a general text."""
    return ADVICE.get(code, UNKNOWN)
