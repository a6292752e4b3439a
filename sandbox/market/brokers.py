"""The brokers and what they can do (contract 7.1, 7.2)."""

HOLDINGS_IMPORT = frozenset(
    {
        "angelbroking",
        "dhan",
        "fisdom",
        "fivepaisa",
        "groww",
        "hdfcsky",
        "iifl",
        "kite",
        "motilal",
        "trustline",
        "upstox",
    }
)
ALL = HOLDINGS_IMPORT | {
    "aliceblue",
    "axis",
    "edelweiss",
    "fundzbazar",
    "hdfc",
    "icici",
    "kotak",
    "paytm",
    "sbi",
}
SECURITIES_ORDERS = frozenset(
    {
        "aliceblue",
        "angelbroking",
        "axis",
        "edelweiss",
        "fivepaisa",
        "groww",
        "hdfc",
        "icici",
        "iifl",
        "kite",
        "kotak",
        "motilal",
        "trustline",
        "upstox",
    }
)
LONG_LIVED_SESSION = frozenset({"kite"})


def base_name(broker: str) -> str:
    """The broker without the suffix for virtual money: `kite` for `kite-leprechaun`."""
    return broker.removesuffix("-leprechaun")
