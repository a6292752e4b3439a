"""What a simulation found: counters that add up over processes, and what they come to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

MOST_EXAMPLES = 10

FUNCTIONS = ("plan", "refresh", "flag", "import")

PROMISES = {
    "portfolio smaller than the truth": "No portfolio stored smaller than the broker's truth at its snapshotDate",
    "portfolio other than the truth": "None stored different from it",
    "snapshot not there": "None whose status points at nothing",
    "date went back": "No snapshotDate went back",
    "flagged while alive": "Nobody flagged whose session lives",
    "flagged in the outage": "Nobody flagged while Gateway was away",
    "flagged twice": "Nobody flagged twice for one lapse",
    "dead and not flagged": "Every dead session flagged in the window of the first session it missed in full",
    "never fresh": "Every healthy account fresh before the next close",
    "not healed": "Every account whose user logged in again is active",
    "other broker flagged wrongly": "Accounts of other brokers flagged stale after the next close, and not before",
    "message lost": "No page given up by the queue",
}
"""What is counted -> the promise that is broken when the count is not zero."""


@dataclass(slots=True)
class Used:
    """What the invocations of one function used."""

    invocations: int = 0
    seconds: float = 0
    read_units: float = 0
    write_units: int = 0

    def add(self, other: Self) -> None:
        self.invocations += other.invocations
        self.seconds += other.seconds
        self.read_units += other.read_units
        self.write_units += other.write_units


@dataclass(slots=True)
class Figures:
    """`fresh`, `fresh_after_outage` and `flagged` count accounts by seconds; `peak` is in calls a second."""

    counts: Counter[str] = field(default_factory=Counter)
    fresh: Counter[int] = field(default_factory=Counter)
    fresh_after_outage: Counter[int] = field(default_factory=Counter)
    flagged: Counter[int] = field(default_factory=Counter)
    used: dict[str, Used] = field(default_factory=lambda: {name: Used() for name in FUNCTIONS})
    examples: list[str] = field(default_factory=list)
    peak: int = 0
    cpu_seconds: float = 0
    peak_memory: int = 0

    def broken(self, what: str, example: str) -> None:
        self.counts[what] += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{what}: {example}")

    def add(self, other: Self) -> None:
        for name in ("counts", "fresh", "fresh_after_outage", "flagged"):
            getattr(self, name).update(getattr(other, name))
        for function, used in other.used.items():
            self.used[function].add(used)
        self.examples = (self.examples + other.examples)[:MOST_EXAMPLES]
        self.peak += other.peak
        self.cpu_seconds += other.cpu_seconds
        self.peak_memory += other.peak_memory

    @property
    def within_45_minutes(self) -> float:
        """The share of the healthy accounts; on the day of the outage from its end."""
        return share_within(self.fresh + self.fresh_after_outage, 45, missing=self.counts["never fresh"])

    @property
    def promises_broken(self) -> dict[str, int]:
        return {what: self.counts[what] for what in PROMISES if self.counts[what]}


def percentile(counted: Counter[int], share: float) -> float:
    """In minutes; NaN of nothing."""
    wanted, seen = share * counted.total(), 0
    for seconds in sorted(counted):
        seen += counted[seconds]
        if seen >= wanted:
            return seconds / 60
    return float("nan")


def share_within(counted: Counter[int], minutes: float, *, missing: int = 0) -> float:
    everybody = counted.total() + missing
    within = sum(number for seconds, number in counted.items() if seconds <= minutes * 60)
    return within / everybody if everybody else 1.0
