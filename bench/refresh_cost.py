"""What it costs to refresh a million accounts after one close: small simulations, extrapolated."""

from collections.abc import Iterable
from copy import replace

from bench.rows import Row
from bench.simulation import costs, processes
from bench.simulation.scenario import Scenario

UNTROUBLED = Scenario(
    accounts=2000,
    sessions=3,
    slots=5,  # pages as full as those of 100,000 accounts
    call_failures=0,
    deaths=0,
    outage_hours=0,
    updating=0,
    other_brokers=0,
    twice=0,
)
"""As in the reference, nothing goes wrong."""

USUAL = Scenario()
TROUBLED = replace(UNTROUBLED, call_failures=USUAL.call_failures, deaths=USUAL.deaths, updating=USUAL.updating)


def rows() -> Iterable[Row]:
    against = "schedule and Lambda per user, item per security"
    budget = costs.BUDGET / costs.REFERENCE
    for how, scenario in (("nothing fails", UNTROUBLED), ("5 % of calls fail", TROUBLED)):
        what = f"refresh of 1 M accounts, simulated, {how}"
        yield Row(what, dollars(scenario), costs.REFERENCE, "dollars", against, budget)


def dollars(scenario: Scenario) -> float:
    """Of a session with a million accounts, at list prices. Raises: ProcessDied."""
    return costs.of_a_million(processes.simulate(scenario), scenario).total
