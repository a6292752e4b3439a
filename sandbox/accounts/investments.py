"""The smallcases that users have invested in (contract 2.8)."""

import hashlib
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from sandbox.clock import Clock
from sandbox.exact_json import to_float
from sandbox.market.securities import securities
from sandbox.state import State


@dataclass
class Investment:
    auth_id: str
    iscid: str
    scid: str
    name: str
    date: str
    # The action that Gateway recommends to the user next: REPAIR, REBALANCE, SIP and others.
    recommended_action: str | None = None
    constituents: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self, *, amo_pending: bool) -> dict[str, Any]:
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


class InvestmentStore:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def get(self, auth_id: str, iscid: str) -> Investment | None:
        stored = self._state.get("investment", f"{auth_id}/{iscid}")
        return Investment(**stored) if stored else None

    def save(self, investment: Investment) -> None:
        self._state.put("investment", f"{investment.auth_id}/{investment.iscid}", asdict(investment))

    def get_or_new(self, auth_id: str, iscid: str, scid: str | None = None, name: str | None = None) -> Investment:
        """The investment with that id, or a new one that is not yet saved."""
        investment = self.get(auth_id, iscid)
        scid = scid or (investment.scid if investment else "SCAW_0001")
        name = name or (investment.name if investment else f"Smallcase {scid}")
        if investment:
            investment.scid, investment.name = scid, name
            return investment
        return Investment(auth_id, iscid, scid, name, self._clock.now_iso(), constituents=_constituents(scid))


def new_iscid(transaction_id: str) -> str:
    return hashlib.sha256(transaction_id.encode()).hexdigest()[:24]


def _constituents(scid: str) -> list[dict[str, Any]]:
    """Two securities, always the same for the same smallcase."""
    return [
        {
            "ticker": security.ticker,
            "stockName": security.name,
            "shares": 2,
            "averagePrice": security.price,
            "returns": 0,
        }
        for security in Random(scid).sample(securities(), 2)
    ]
