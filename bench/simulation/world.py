"""The truth: what everybody holds at their broker, whose session lives, and what Gateway has seen of it."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.simulation.market import Holdings, Market
from bench.simulation.scenario import Scenario
from gateway_backend.domain.connections.connection import slot_of
from gateway_backend.domain.market.sessions import TradingSession

LONG_LIVED, OTHER = "kite", "groww"
FORBIDDEN_SHARE = 0.1
"""Of the dead sessions: Gateway answers 403 for them instead of the last snapshot."""

BACK_SOON_SHARE = 0.7
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Client:
    """A user's one account. `snapshot` is what Gateway took from the broker at `snapshot_at`.

    The session is dead from `dies_at` on, until the user logs in. Today's one trade happens at `trades_at`.
    `proven`: (holdings, content hash, key) of the stored snapshot that was held against the truth.
    """

    id: str
    owner: str
    broker: str
    holdings: Holdings
    snapshot: Holdings
    snapshot_at: datetime
    trades_at: datetime | None = None
    traded: Holdings = ()
    dies_at: datetime | None = None
    is_forbidden: bool = False
    updating_until: datetime | None = None
    wrong_holdings: Holdings | None = None
    stored_size: int = 0
    proven: tuple[Holdings, str, str] | None = None

    @property
    def is_long_lived(self) -> bool:
        return self.broker == LONG_LIVED

    def is_alive(self, at: datetime) -> bool:
        return self.dies_at is None or at < self.dies_at

    def held_at(self, at: datetime) -> Holdings:
        """What the account held; for moments since the last session began, and for the snapshot's own."""
        if at == self.snapshot_at:
            return self.snapshot
        return self.traded if self.trades_at and at >= self.trades_at else self.holdings

    def take_snapshot(self, at: datetime) -> None:
        self.snapshot, self.snapshot_at = self.held_at(at), at

    def log_in(self, at: datetime) -> None:
        self.dies_at, self.is_forbidden = None, False
        self.take_snapshot(at)


class World:
    def __init__(self, scenario: Scenario, begins: datetime) -> None:
        self.scenario = scenario
        self.market = Market()
        self.rng = random.Random(f"{scenario.seed}/{scenario.part}/{scenario.parts}")
        self.clients = {client.id: client for client in self._clients(begins)}

    def _clients(self, begins: datetime) -> list[Client]:
        rng, made = self.rng, []
        for _ in range(self.scenario.own_accounts):
            broker = OTHER if rng.random() < self.scenario.other_brokers else LONG_LIVED
            held = self.market.portfolio(rng)
            owner = f"auth0|{rng.getrandbits(96):024x}"
            made.append(Client(self._id(), owner, broker, held, held, begins))
        return made

    def _id(self) -> str:
        while slot_of(found := f"{self.rng.getrandbits(96):024x}") >= self.scenario.slots:
            pass
        return found

    def begin(self, session: TradingSession) -> None:
        """A trading day: some trade during it, some sessions die within 24 hours."""
        rng, scenario = self.rng, self.scenario
        hours = (session.closes_at - session.opens_at).total_seconds()
        for client in self.clients.values():
            if client.trades_at:
                client.holdings, client.trades_at = client.traded, None
            if rng.random() < scenario.changed:
                client.trades_at = milliseconds(session.opens_at + timedelta(seconds=rng.uniform(0, hours)))
                client.traded = self.market.after_trade(client.holdings, rng)
            if client.is_long_lived and client.dies_at is None and rng.random() < scenario.expiries:
                client.dies_at = session.opens_at + rng.random() * _DAY
                client.is_forbidden = rng.random() < FORBIDDEN_SHARE

    def next_login(self, flagged_at: datetime) -> datetime:
        days = self.rng.uniform(1, 3) if self.rng.random() < BACK_SOON_SHARE else self.rng.uniform(4, 10)
        return flagged_at + days * _DAY


def milliseconds(moment: datetime) -> datetime:
    """As exact as Gateway's dates are."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
