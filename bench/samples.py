"""Messages of Gateway's with real securities, so that they compress as real ones do."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SECURITIES = Path(__file__).resolve().parent.parent / "sandbox" / "data" / "securities.csv"
_AT = "2026-08-03T10:30:00.000Z"
_ENVELOPE = {
    "broker": "kite",
    "transactionId": "TRX_652377470a134a80ac6c56d19ef3416c",
    "smallcaseAuthId": "6195e288360acf9ebc060d23",
    "timestamp": _AT,
    "checksum": "0" * 64,
}


def holdings_webhook(securities: int) -> dict[str, Any]:
    """Build a holdings webhook of contract 3.5."""
    holdings = _holdings(securities, quantity_of=lambda index: 10 + index)
    return {"securities": holdings, "smallcases": {"public": []}, "snapshotDate": _AT} | _ENVELOPE


def order_webhook(stocks: int) -> dict[str, Any]:
    """Build an order webhook of contract 3.4 whose stocks are all filled."""
    orders = [
        {
            "tradingsymbol": listed["nse_ticker"],
            "transactionType": "BUY",
            "orderType": "MARKET",
            "status": "COMPLETE",
            "quantity": 10,
            "filledQuantity": 10,
            "averagePrice": float(listed["price"]),
            "product": "CNC",
            "exchange": "NSE",
            "exchangeOrderId": f"10000000102419{index:02}",
        }
        for index, listed in enumerate(_read_listed(stocks))
    ]
    return {"batchId": "5ef5b24a4d6cd54b4a3a8c11", "status": "COMPLETED", "orders": orders, "unplaced": []} | _ENVELOPE


def portfolio(securities: int, *, quantity: int) -> dict[str, Any]:
    """Build the portfolio of a holdings response, contract 4.2. `quantity` is that of its first security."""
    holdings = _holdings(securities, quantity_of=lambda index: quantity + index**2)
    return {"smallcases": {"public": [], "private": {"stats": {}}}, "securities": holdings}


def _holdings(count: int, *, quantity_of: Callable[[int], int]) -> list[dict[str, Any]]:
    none = {"quantity": 0, "averagePrice": 0}
    return [
        {
            "holdings": {"quantity": quantity_of(index), "averagePrice": round(float(listed["price"]) * 0.9137, 4)},
            "positions": {"nse": none, "bse": none},
            "transactableQuantity": quantity_of(index),
            "smallcaseQuantity": 0,
            "nseTicker": listed["nse_ticker"],
            "bseTicker": listed["nse_ticker"],
            "isin": listed["isin"],
            "name": listed["name"],
        }
        for index, listed in enumerate(_read_listed(count))
    ]


def _read_listed(count: int) -> list[dict[str, str]]:
    with _SECURITIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:count]
