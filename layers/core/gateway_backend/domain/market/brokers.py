"""What each broker can do through Gateway (contract 7): data that ages, so an unknown key breaks nothing.

smallcase's lists conflict, and the full one is not public: an operator corrects ours by text (`broker_corrections`).
"""

from collections.abc import Mapping
from typing import NamedTuple

LEPRECHAUN = "-leprechaun"
"""Suffix of smallcase's virtual test accounts: the same broker to everybody but the exchange."""

CAPABILITIES = {
    "holdingsImport": "holdings_import",
    "securitiesOrders": "securities_orders",
    "limitOrders": "limit_orders",
    "fetchFunds": "fetch_funds",
    "amoOrders": "amo_orders",
}
"""The word that the API and a correction use -> the field of `Broker`."""


class Broker(NamedTuple):
    """A capability is None where smallcase publishes nothing: then Gateway and the SDK decide when it is tried.

    `long_lived`: its snapshots can be refreshed without a new login.
    """

    key: str
    name: str
    holdings_import: bool | None = None
    securities_orders: bool | None = None
    limit_orders: bool | None = None
    fetch_funds: bool | None = None
    amo_orders: bool | None = None
    long_lived: bool = False


_NAMES = {
    "aliceblue": "Alice Blue",
    "angelbroking": "Angel One",
    "axis": "Axis Securities",
    "dhan": "Dhan",
    "edelweiss": "Nuvama",
    "fisdom": "Fisdom",
    "fivepaisa": "5paisa",
    "fundzbazar": "FundzBazar",
    "groww": "Groww",
    "hdfc": "HDFC Securities",
    "hdfcsky": "HDFC Sky",
    "icici": "ICICI Direct",
    "iifl": "IIFL Securities",
    "kite": "Zerodha",
    "kotak": "Kotak Securities",
    "motilal": "Motilal Oswal",
    "paytm": "Paytm Money",
    "sbi": "SBI Securities",
    "trustline": "Trustline",
    "upstox": "Upstox",
}
_HOLDINGS_IMPORT = {
    *("angelbroking", "dhan", "fisdom", "fivepaisa", "groww", "hdfcsky", "iifl", "kite", "motilal", "trustline"),
    "upstox",
}
_SECURITIES_ORDERS = {
    *("aliceblue", "angelbroking", "axis", "edelweiss", "fivepaisa", "groww", "hdfc", "icici", "iifl", "kite"),
    *("kotak", "motilal", "trustline", "upstox"),
}
_LIMIT_ORDERS = {"fivepaisa", "groww", "kite"}

# Funds can be fetched everywhere; which brokers take after-market orders is not published (contract 7.2).
BROKERS = {
    key: Broker(
        key,
        name,
        holdings_import=key in _HOLDINGS_IMPORT,
        securities_orders=key in _SECURITIES_ORDERS,
        limit_orders=key in _LIMIT_ORDERS,
        fetch_funds=True,
        long_lived=key == "kite",
    )
    for key, name in _NAMES.items()
}


def find_broker(key: str, brokers: Mapping[str, Broker]) -> Broker:
    """The broker of a key; one that is not in the table has no known capabilities."""
    plain = key.removesuffix(LEPRECHAUN)
    return brokers.get(plain) or Broker(plain, plain)


def is_long_lived(broker_key: str) -> bool:
    """Whether its snapshots can be refreshed without a new login. No operator can correct that: what is stored depends
    on it."""
    return find_broker(broker_key, BROKERS).long_lived


def has_capability(broker_key: str, capability: str, brokers: Mapping[str, Broker]) -> bool | None:
    """Whether the broker has one of CAPABILITIES; None when it is unknown: then Gateway decides."""
    answer: bool | None = getattr(find_broker(broker_key, brokers), CAPABILITIES[capability])
    return answer
