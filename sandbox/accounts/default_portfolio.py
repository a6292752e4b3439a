"""The portfolio of an account that was given none: real securities, with the oddities that real portfolios have.

The oddities are those of contract 11, point 6.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from sandbox.accounts.holdings import security_row
from sandbox.market.securities import Security, by_ticker, securities


def default_portfolio(seed: str, ordinary: int = 6) -> dict[str, Any]:
    """The odd securities and a few ordinary ones; the same seed always picks the same ones."""
    random = Random(seed)
    odd_rows = _odd_rows()
    odd_isins = {row["isin"] for row in odd_rows}
    picked = random.sample([security for security in securities() if security.isin not in odd_isins], ordinary)
    in_smallcase, outside = picked[:3], picked[3:]
    return {
        "smallcases": {
            "public": [_smallcase(in_smallcase)],
            "private": {"stats": {"currentValue": 57.31, "totalReturns": 1.3100000000000023}},
        },
        "securities": [
            *odd_rows,
            *(_ordinary_row(security, random, in_smallcases=1) for security in in_smallcase),
            *(_ordinary_row(security, random, in_smallcases=0) for security in outside),
        ],
        "mutualFunds": {"holdings": _mutual_funds()},
    }


def _ordinary_row(security: Security, random: Random, in_smallcases: int) -> dict[str, Any]:
    bought_at = round(security.price * random.uniform(0.6, 1.2), 2)
    return security_row(security, demat=random.randint(1, 60), price=bought_at, in_smallcases=in_smallcases)


def _odd_rows() -> list[dict[str, Any]]:
    listed = by_ticker()
    jk_bank, mahindra = listed["J&KBANK"], listed["M&M"]
    only_on_bse = Security("INE927X01018", "ELCIDIN", "Elcid Investments Ltd.", 129899.6)
    return [
        # The ticker contains `&`, and there are positions of the day on both exchanges.
        security_row(jk_bank, demat=4, price=36.68, nse=(1, 34.1), bse=(1, 34.1), in_smallcases=2),
        # Shares that were sold today are still in the demat account.
        security_row(mahindra, demat=10, price=2911.45, nse=(-4, 3401.2)),
        security_row(listed["TCS"], demat=12, price=3312.7, pledged=5),
        # The broker has no price for shares that came by a transfer.
        security_row(listed["ITC"], demat=25, price=0),
        security_row(listed["SUZLON"], demat=100, price=9.8) | {"bseTicker": None},
        security_row(only_on_bse, demat=1, price=114900.05, sellable=0) | {"nseTicker": None},
        security_row(listed["YESBANK"], demat=300, price=22.75) | {"isSuspendedOrDelistedOnBSE": True},
    ]


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


def _mutual_funds() -> list[dict[str, Any]]:
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
