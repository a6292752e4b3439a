"""What a session costs at AWS's list prices, here and for a million accounts."""

import math
from dataclasses import dataclass

from bench.simulation.figures import Figures, Used
from bench.simulation.scenario import TIMES, Scenario

MILLION = 1_000_000
REFERENCE = 12.64
"""Design §10: a million accounts with a schedule and a Lambda invocation each, and an item per security."""

BUDGET = 1.50


class Prices:
    """List prices of 2026 in us-east-1, in dollars, without free tiers; most are per million."""

    WRITE_UNITS = 0.625
    READ_UNITS = 0.125
    QUEUE_REQUESTS = 0.40
    LAMBDA_REQUESTS = 0.20
    LAMBDA_GB_SECOND = 0.0000133334  # arm64
    EVENTS = 1.00
    SCHEDULES = 1.00


MEMORY_GB = 0.5


@dataclass(frozen=True, slots=True)
class Costs:
    """Dollars a session. `schedules` (planner and flagger) do not grow with the accounts, the others do."""

    writes: float
    reads: float
    queue: float
    invocations: float
    time: float
    schedules: float
    events: float

    @property
    def growing(self) -> float:
        return self.writes + self.reads + self.queue + self.invocations + self.time

    @property
    def total(self) -> float:
        """Without the events, which the reference has none of."""
        return self.growing + self.schedules

    def times(self, factor: float) -> "Costs":
        return Costs(
            writes=self.writes * factor,
            reads=self.reads * factor,
            queue=self.queue * factor,
            invocations=self.invocations * factor,
            time=self.time * factor,
            schedules=self.schedules,
            events=self.events * factor,
        )


def of_a_million(figures: Figures, scenario: Scenario) -> Costs:
    """Extrapolated to so many accounts of long-lived sessions."""
    return per_session(figures, scenario).times(MILLION / figures.counts["long-lived accounts"])


def workers_of_a_million(figures: Figures, scenario: Scenario) -> int:
    """How many must work at once so that a million are asked about while the slots begin."""
    seconds = figures.used["refresh"].seconds / scenario.sessions * MILLION / figures.counts["long-lived accounts"]
    return math.ceil(seconds / TIMES.spread.total_seconds())


def per_session(figures: Figures, scenario: Scenario) -> Costs:
    """Imports that users make are not the refresh's: left out."""
    sessions, refresh = scenario.sessions, figures.used["refresh"]
    return Costs(
        writes=refresh.write_units * Prices.WRITE_UNITS / MILLION / sessions,
        reads=refresh.read_units * Prices.READ_UNITS / MILLION / sessions,
        queue=figures.counts["queue requests"] * Prices.QUEUE_REQUESTS / MILLION / sessions,
        invocations=refresh.invocations * Prices.LAMBDA_REQUESTS / MILLION / sessions,
        time=_time(refresh) / sessions,
        schedules=sum(_schedule(figures.used[name]) for name in ("plan", "flag")) / sessions / scenario.parts,
        events=figures.counts["events"] * Prices.EVENTS / MILLION / sessions,
    )


def done_naively(figures: Figures, scenario: Scenario) -> dict[str, float]:
    """The reference's way in this world, for a million accounts: dollars a session by what they are for."""
    securities = figures.counts["securities"] / figures.counts["long-lived accounts"]
    return {
        "a schedule each": Prices.SCHEDULES,
        "an invocation each": Prices.LAMBDA_REQUESTS,
        f"{MEMORY_GB} GB for {scenario.latency} s each": MILLION
        * MEMORY_GB
        * scenario.latency
        * Prices.LAMBDA_GB_SECOND,
        f"{securities:.1f} securities and a status written each": (securities + 1) * Prices.WRITE_UNITS,
        "a status read each": Prices.READ_UNITS,
    }


def _schedule(used: Used) -> float:
    units = used.write_units * Prices.WRITE_UNITS + used.read_units * Prices.READ_UNITS
    return (units + used.invocations * (Prices.LAMBDA_REQUESTS + Prices.SCHEDULES)) / MILLION + _time(used)


def _time(used: Used) -> float:
    return used.seconds * MEMORY_GB * Prices.LAMBDA_GB_SECOND
