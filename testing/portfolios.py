"""Portfolios for tests, in Gateway's v2 shape (contract 4.2), of real NSE securities."""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
FIXTURES = CHECKOUT / "tests" / "fixtures"
GUIDE_002 = (FIXTURES / "holdings-v2-api.json").read_text()
"""Guide 002's sample answer, to the letter."""


@cache
def market() -> list[dict[str, str]]:
    source = CHECKOUT / "sandbox" / "data" / "securities.csv"
    with source.open(newline="") as file:
        return list(csv.DictReader(file))


def holding(number: int, quantity: float = 10, price: str = "100.05") -> str:
    """One security's JSON text; numbers beyond the market's length are made up."""
    row = market()[number % len(market())]
    made_up = number >= len(market())
    isin = f"INE{number:08d}0"[:12] if made_up else row["isin"]
    ticker = f"{row['nse_ticker']}{number}" if made_up else row["nse_ticker"]
    name = row["name"].replace('"', "")
    return (
        f'{{"holdings":{{"quantity":{quantity},"averagePrice":{price}}},'
        '"positions":{"nse":{"quantity":0,"averagePrice":0},"bse":{"quantity":0,"averagePrice":0}},'
        f'"transactableQuantity":{quantity},"smallcaseQuantity":0,'
        f'"nseTicker":"{ticker}","bseTicker":null,"isin":"{isin}","name":"{name}"}}'
    )


def portfolio(*securities: str, dates: str = "") -> str:
    """A v2 data object's JSON text; `dates` are further members such as `"snapshotDate":"…"`."""
    more = f",{dates}" if dates else ""
    smallcases = '{"public":[],"private":{"stats":{"currentValue":0,"totalReturns":0}}}'
    return f'{{"smallcases":{smallcases},"securities":[{",".join(securities)}]{more}}}'


def isins(answer: dict[str, Any]) -> set[str]:
    """The ISINs in an answer of `GET /v1/connections/{id}/holdings`."""
    return {security["isin"] for security in answer["data"]["securities"]}


def v2_portfolio(**member: Any) -> dict[str, Any]:
    """Gateway's `data` in v2 with one security, whose members are set or (None) left out."""
    defaults = {
        "holdings": {"quantity": 1, "averagePrice": 2},
        "isin": "INE160A01022",
        "name": "PNB",
        "nseTicker": "PNB",
    }
    return {"securities": [{name: value for name, value in (defaults | member).items() if value is not None}]}


V1_PORTFOLIO: dict[str, Any] = {
    "securities": {
        "holdings": [
            {"name": "Punjab National Bank", "ticker": "PNB", "averagePrice": Decimal("36.05"), "shares": 4},
            {"name": "No ticker", "ticker": None, "averagePrice": 1, "shares": 2},
        ]
    },
    "smallcases": {
        "public": [
            {"scid": "A", "constituents": [{"ticker": "PNB", "shares": 3}, {"ticker": "GOLDBEES", "shares": 1}]}
        ],
        "private": {"investments": [{"scid": "B", "constituents": [{"ticker": "PNB", "shares": 2}]}]},
    },
}
"""Gateway's `data` in v1: a stock, one without a ticker, and shares in smallcases."""
