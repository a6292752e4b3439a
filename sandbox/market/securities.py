"""Real securities of the Indian market, with a price."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "securities.csv"


@dataclass(frozen=True)
class Security:
    isin: str
    ticker: str
    name: str
    price: float


@cache
def securities() -> tuple[Security, ...]:
    """The securities of the file that have a price."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(
            Security(row["isin"], row["nse_ticker"], row["name"], float(row["price"]))
            for row in csv.DictReader(file)
            if row["price"]
        )


@cache
def by_ticker() -> dict[str, Security]:
    return {security.ticker: security for security in securities()}
