"""Portfolios made of real securities, with the oddities that real ones have (contract 11, point 6)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

DATA = Path(__file__).with_name("data") / "securities.csv"


@dataclass(frozen=True)
class Security:
    isin: str
    ticker: str
    name: str
    price: float


@cache
def securities() -> tuple[Security, ...]:
    """Those of the market whose price is known."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(
            Security(row["isin"], row["nse_ticker"], row["name"], float(row["price"]))
            for row in csv.DictReader(file)
            if row["price"]
        )


@cache
def by_ticker() -> dict[str, Security]:
    return {security.ticker: security for security in securities()}


def default_portfolio(seed: str, ordinary: int = 6) -> dict[str, Any]:
    """What an account holds when nobody said: the odd cases, and a few ordinary shares picked by `seed`."""
    random = Random(seed)
    odd = _odd_ones()
    held = {row["isin"] for row in odd}
    picked = random.sample([security for security in securities() if security.isin not in held], ordinary)
    in_smallcase, plain = picked[:3], picked[3:]
    return {
        "smallcases": {
            "public": [_smallcase(in_smallcase)],
            "private": {"stats": {"currentValue": 57.31, "totalReturns": 1.3100000000000023}},
        },
        "securities": [
            *odd,
            *(_ordinary(security, random, in_smallcases=1) for security in in_smallcase),
            *(_ordinary(security, random, in_smallcases=0) for security in plain),
        ],
        "mutualFunds": {"holdings": _funds()},
    }


def nothing_of(security: Security) -> dict[str, Any]:
    """The row of a security that an account is about to trade for the first time."""
    return _row(security, demat=0, price=0)


def _ordinary(security: Security, random: Random, in_smallcases: int) -> dict[str, Any]:
    bought_at = round(security.price * random.uniform(0.6, 1.2), 2)
    return _row(security, demat=random.randint(1, 60), price=bought_at, in_smallcases=in_smallcases)


def _odd_ones() -> list[dict[str, Any]]:
    listed = by_ticker()
    jk_bank, mahindra = listed["J&KBANK"], listed["M&M"]
    only_on_bse = Security("INE927X01018", "ELCIDIN", "Elcid Investments Ltd.", 129899.6)
    return [
        # A ticker with `&`, and shares of the day on both exchanges.
        _row(jk_bank, demat=4, price=36.68, nse=(1, 34.1), bse=(1, 34.1), in_smallcases=2),
        # Sold today, not yet out of the demat account.
        _row(mahindra, demat=10, price=2911.45, nse=(-4, 3401.2)),
        _row(listed["TCS"], demat=12, price=3312.7, pledged=5),
        # Came by a transfer: the broker knows no price.
        _row(listed["ITC"], demat=25, price=0),
        _row(listed["SUZLON"], demat=100, price=9.8) | {"bseTicker": None},
        _row(only_on_bse, demat=1, price=114900.05, transactable=0) | {"nseTicker": None},
        _row(listed["YESBANK"], demat=300, price=22.75) | {"isSuspendedOrDelistedOnBSE": True},
    ]


def _row(
    security: Security,
    *,
    demat: int,
    price: float,
    nse: tuple[int, float] = (0, 0),
    bse: tuple[int, float] = (0, 0),
    in_smallcases: int = 0,
    pledged: int | None = None,
    transactable: int | None = None,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "holdings": {"quantity": demat, "averagePrice": price},
        "positions": {
            "nse": {"quantity": nse[0], "averagePrice": nse[1]},
            "bse": {"quantity": bse[0], "averagePrice": bse[1]},
        },
        "transactableQuantity": demat + nse[0] if transactable is None else transactable,
        "smallcaseQuantity": in_smallcases,
        "nseTicker": security.ticker,
        "bseTicker": security.ticker,
        "isin": security.isin,
        "name": security.name,
    }
    if pledged is not None:
        row["collateralQuantity"] = pledged
    return row


def _smallcase(constituents: Sequence[Security]) -> dict[str, Any]:
    return {
        "scid": "SCAW_0001",
        "name": "All Weather Investing",
        "investmentDetailsURL": "https://smallcase.zerodha.com/details/5f2d22636678954954f29a2d?",
        "shortDescription": "Diversify with equity, gold & fixed income ETFs for recession-proof investing",
        "imageUrl": "https://assets.smallcase.com/images/smallcases/200/SCAW_0001.png",
        "stats": {
            "currentValue": round(sum(security.price for security in constituents), 2),
            "totalReturns": -36.65253999999927,
        },
        "constituents": [{"ticker": security.ticker, "shares": 1} for security in constituents],
    }


def _funds() -> list[dict[str, Any]]:
    return [
        {
            "folio": "1077735214",
            "fund": "Parag Parikh Flexi Cap Fund - Direct Plan - Growth",
            "isin": "INF879O01027",
            "quantity": 153.482,
            "averagePrice": 61.9042,
            "lastPrice": 91.7713,
            "lastPriceDate": "2026-08-03",
            "pnl": 4584.0459,
            "xirr": 17.84,
            "tradingsymbol": "INF879O01027",
        },
        {
            "folio": "599210446871",
            "fund": "UTI Nifty 50 Index Fund - Direct Plan - Growth",
            "isin": "INF789F01XA0",
            "quantity": 20.007,
            "averagePrice": 148.3321,
            "lastPrice": 176.0458,
            "lastPriceDate": "2026-08-03",
            "pnl": 554.4679,
            "xirr": 11.02,
        },
    ]
