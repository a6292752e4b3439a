"""The smallcases that users have invested in (contract 2.8)."""

import hashlib
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from sandbox import market
from sandbox.clock import Clock
from sandbox.exact_json import to_float
from sandbox.state import State


@dataclass
class Investment:
    auth_id: str
    iscid: str
    scid: str
    name: str
    date: str
    # REPAIR, REBALANCE, SIP …: what the user is asked to do next.
    recommended_action: str | None = None
    constituents: list[dict[str, Any]] = field(default_factory=list)

    def told(self, *, amo_pending: bool) -> dict[str, Any]:
        worth = sum(row["shares"] * to_float(row["averagePrice"]) for row in self.constituents)
        return {
            "iscid": self.iscid,
            "scid": self.scid,
            "name": self.name,
            "shortDescription": "A made-up smallcase of real securities",
            "date": self.date,
            "status": "VALID",
            "recommendedAction": self.recommended_action,
            "returns": {"networth": worth, "realizedInvestment": 0, "unrealizedInvestment": worth},
            "currentConfig": {"constituents": self.constituents},
            "flags": {"amoPending": amo_pending},
        }


class Investments:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def get(self, auth_id: str, iscid: str) -> Investment | None:
        stored = self._state.get("investment", f"{auth_id}/{iscid}")
        return Investment(**stored) if stored else None

    def keep(self, investment: Investment) -> None:
        self._state.put("investment", f"{investment.auth_id}/{investment.iscid}", asdict(investment))

    def one(self, auth_id: str, iscid: str, scid: str | None = None, name: str | None = None) -> Investment:
        """The investment by that id, made up if there is none yet."""
        known = self.get(auth_id, iscid)
        scid = scid or (known.scid if known else "SCAW_0001")
        name = name or (known.name if known else f"Smallcase {scid}")
        if known:
            known.scid, known.name = scid, name
            return known
        return Investment(auth_id, iscid, scid, name, self._clock.now_iso(), constituents=_constituents(scid))


def new_iscid(transaction_id: str) -> str:
    return hashlib.sha256(transaction_id.encode()).hexdigest()[:24]


def _constituents(scid: str) -> list[dict[str, Any]]:
    """Two securities, the same for the same smallcase every time."""
    picked = Random(scid).sample(market.securities(), 2)
    return [
        {"ticker": one.ticker, "stockName": one.name, "shares": 2, "averagePrice": one.price, "returns": 0}
        for one in picked
    ]
