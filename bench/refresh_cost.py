"""The cost of refreshing a million accounts after a close, extrapolated from small simulations."""

from collections.abc import Iterable
from copy import replace

from bench.rows import Row
from bench.simulation import costs, processes
from bench.simulation.scenario import Scenario

NO_FAILURES = Scenario(
    accounts=2000,
    sessions=3,
    slots=5,  # pages as full as those of 100,000 accounts
    call_failures=0,
    expiries=0,
    outage_hours=0,
    updating=0,
    other_brokers=0,
    duplicates=0,
)
"""Nothing goes wrong, as in the reference."""

_DEFAULT = Scenario()
WITH_FAILURES = replace(
    NO_FAILURES, call_failures=_DEFAULT.call_failures, expiries=_DEFAULT.expiries, updating=_DEFAULT.updating
)


def rows() -> Iterable[Row]:
    reference_name = "schedule and Lambda per user, item per security"
    budget = costs.BUDGET / costs.REFERENCE
    for condition, scenario in (("nothing fails", NO_FAILURES), ("5 % of calls fail", WITH_FAILURES)):
        name = f"refresh of 1 M accounts, simulated, {condition}"
        yield Row(name, dollars(scenario), costs.REFERENCE, "dollars", reference_name, budget)


def dollars(scenario: Scenario) -> float:
    """Return the cost of a trading session with a million accounts, at list prices. Raises: ProcessDied."""
    return costs.of_a_million(processes.simulate(scenario), scenario).total
