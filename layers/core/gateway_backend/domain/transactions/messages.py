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


UNKNOWN_ERROR = 2000
_CODES = {
    "user_mismatch": 1001,
    "user_cancelled": 1002,
    "consent_denied": 1003,
    "insufficient_holdings": 1004,
    "transaction_expired": 1005,
    "no_broker": 1006,
    "no_compatible_browser": 1014,
    "holdings_import_error": 2001,
    "intent_not_enabled_for_broker": 3000,
    "invalid_transactionid": 3002,
    "transaction_in_process": 3003,
    "init_sdk": 3004,
    "already_subscribed": 4000,
    "timed_out": 4003,
    "market_closed": 4004,
    "order_pending": 4006,
    "invalid_jwt": 90,
    "invalid_gateway": 100,
}
"""Of a message that has several codes the one with the widest meaning."""


def code_of(message: str) -> int:
    """The code of an error that came without one: many apps hand on its message alone (contract 5.5, 6.3)."""
    text = message.lower()
    return next((code for word, code in _CODES.items() if word in text), UNKNOWN_ERROR)


def advise(code: int) -> Advice:
    """What the user reads; an unknown code gets a general text."""
    return ADVICE.get(code, UNKNOWN)
