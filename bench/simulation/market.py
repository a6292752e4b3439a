"""Portfolios of real securities, written as Gateway writes them (contract 4.2)."""

import csv
import json
import random
from pathlib import Path

type Holdings = tuple[tuple[int, int], ...]
"""(which security, how many) in the order of purchase."""

MOST_SECURITIES = 30

_LISTED = Path(__file__).resolve().parents[2] / "sandbox" / "data" / "securities.csv"
_SMALLCASES = '"smallcases":{"public":[],"private":{"stats":{"currentValue":0,"totalReturns":0}}}'
_QUANTITY = "\0"


class Market:
    """The texts are made once; a portfolio is put together from them."""

    def __init__(self) -> None:
        with _LISTED.open(encoding="utf-8", newline="") as file:
            self._pieces = [tuple(_text(row).split(_QUANTITY)) for row in csv.DictReader(file)]

    def portfolio(self, rng: random.Random) -> Holdings:
        """From 1 to 30 securities, 12 on average: most people hold few."""
        size = min(MOST_SECURITIES, 1 + int(rng.gammavariate(2.2, 5.2)))
        chosen = rng.sample(range(len(self._pieces)), size)
        return tuple((security, rng.randint(1, 500)) for security in chosen)

    def after_trade(self, held: Holdings, rng: random.Random) -> Holdings:
        """More or fewer of one security; a new one; or all of one sold."""
        kind = rng.random()
        if not held or (kind < 0.2 and len(held) < MOST_SECURITIES):
            return (*held, (self._other_than(held, rng), rng.randint(1, 500)))
        at = rng.randrange(len(held))
        security, quantity = held[at]
        if kind < 0.4:
            return held[:at] + held[at + 1 :]
        return (*held[:at], (security, quantity + rng.randint(1, 100)), *held[at + 1 :])

    def text(self, held: Holdings) -> str:
        """The portfolio's members as JSON, without the braces around them."""
        return f'{_SMALLCASES},"securities":[{",".join([self._security(*holding) for holding in held])}]'

    def _security(self, security: int, quantity: int) -> str:
        before, between, after = self._pieces[security]
        return f"{before}{quantity}{between}{quantity}{after}"

    def _other_than(self, held: Holdings, rng: random.Random) -> int:
        known = {security for security, _ in held}
        while (security := rng.randrange(len(self._pieces))) in known:
            pass
        return security


def _text(row: dict[str, str]) -> str:
    price = round(float(row["price"] or 100) * 0.9137, 4)
    nothing = '{"quantity":0,"averagePrice":0}'
    return (
        f'{{"holdings":{{"quantity":{_QUANTITY},"averagePrice":{price}}},'
        f'"positions":{{"nse":{nothing},"bse":{nothing}}},'
        f'"transactableQuantity":{_QUANTITY},"smallcaseQuantity":0,'
        f'"nseTicker":{json.dumps(row["nse_ticker"])},"bseTicker":{json.dumps(row["nse_ticker"])},'
        f'"isin":"{row["isin"]}","name":{json.dumps(row["name"])}}}'
    )
