"""What each broker can do through Gateway (contract §7): data that ages, so an unknown key breaks nothing."""

from dataclasses import dataclass

LEPRECHAUN = "-leprechaun"
"""Suffix of smallcase's virtual test accounts: the same broker to everybody but the exchange."""


@dataclass(frozen=True, slots=True)
class Broker:
    """`long_lived`: its snapshots can be refreshed without a new login."""

    key: str
    name: str
    holdings_import: bool = False
    securities_orders: bool = False
    limit_orders: bool = False
    long_lived: bool = False


_ALL = (
    Broker("aliceblue", "Alice Blue", securities_orders=True),
    Broker("angelbroking", "Angel One", holdings_import=True, securities_orders=True),
    Broker("axis", "Axis Securities", securities_orders=True),
    Broker("dhan", "Dhan", holdings_import=True),
    Broker("edelweiss", "Nuvama", securities_orders=True),
    Broker("fisdom", "Fisdom", holdings_import=True),
    Broker("fivepaisa", "5paisa", holdings_import=True, securities_orders=True, limit_orders=True),
    Broker("fundzbazar", "FundzBazar"),
    Broker("groww", "Groww", holdings_import=True, securities_orders=True, limit_orders=True),
    Broker("hdfc", "HDFC Securities", securities_orders=True),
    Broker("hdfcsky", "HDFC Sky", holdings_import=True),
    Broker("icici", "ICICI Direct", securities_orders=True),
    Broker("iifl", "IIFL Securities", holdings_import=True, securities_orders=True),
    Broker("kite", "Zerodha", holdings_import=True, securities_orders=True, limit_orders=True, long_lived=True),
    Broker("kotak", "Kotak Securities", securities_orders=True),
    Broker("motilal", "Motilal Oswal", holdings_import=True, securities_orders=True),
    Broker("paytm", "Paytm Money"),
    Broker("sbi", "SBI Securities"),
    Broker("trustline", "Trustline", holdings_import=True, securities_orders=True),
    Broker("upstox", "Upstox", holdings_import=True, securities_orders=True),
)
BROKERS = {broker.key: broker for broker in _ALL}


def broker(key: str) -> Broker:
    """The broker behind a key; one nobody knows can do nothing special."""
    plain = key.removesuffix(LEPRECHAUN)
    return BROKERS.get(plain) or Broker(plain, plain)
