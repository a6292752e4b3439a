"""Which brokers there are and what they can do (contract 7.1, 7.2; lists from several years, so: data)."""

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
KNOWN = HOLDINGS_IMPORT | {
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


def plain(broker: str) -> str:
    """`kite-leprechaun` is kite with virtual money."""
    return broker.removesuffix("-leprechaun")
