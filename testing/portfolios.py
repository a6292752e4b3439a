"""Portfolios for tests, in Gateway's v2 shape (contract 4.2), of real NSE securities."""

import csv
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


def holding(number: int, quantity: int = 10, price: str = "100.05") -> str:
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
