"""What `make simulate` promises, for a few hundred accounts; and that it would notice if a guard were gone."""

from collections import Counter
from copy import replace
from datetime import timedelta

import pytest

from bench.refresh_cost import NO_FAILURES
from bench.simulation import costs, processes, report, scenario
from bench.simulation.figures import percentile, share_within
from bench.simulation.run import Simulation
from bench.simulation.scenario import Scenario, agenda
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.refresh import result
from gateway_backend.runtime.observability import logger
from gateway_backend.usecases.holdings import import_holdings
from gateway_backend.usecases.refresh import lapse_quorum
from testing.template import template

MONTH = Scenario(accounts=300, sessions=22, slots=3)
"""Everything goes wrong; in few slots, so that pages are full enough to notice an outage."""

BAD_DAYS = Scenario(accounts=80, sessions=4, slots=2, call_failures=0.3, expiries=0.1, changed=0.6)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "tests")
    monkeypatch.setattr(logger, "_logger", logger._logger.getChild("nobody"))
    logger._logger.setLevel("CRITICAL")


def test_it_runs_as_the_template_deploys() -> None:
    defaults = {name: parameter.get("Default") for name, parameter in template()["Parameters"].items()}

    assert scenario.TIMES.delay == timedelta(minutes=int(defaults["RefreshDelayMinutes"]))
    assert scenario.TIMES.spread == timedelta(minutes=int(defaults["RefreshSpreadMinutes"]))
    assert int(defaults["ConfirmShrinkPercent"]) == scenario.CONFIRM_SHARE * 100
    assert int(defaults["RefreshConcurrency"]) == scenario.CONCURRENCY
    assert defaults["ScheduleRate"] == f"rate({scenario.TICK.total_seconds() / 60:.0f} minutes)"
    assert template()["Globals"]["Function"]["MemorySize"] == costs.MEMORY_GB * 1024


def test_the_month_has_its_holiday() -> None:
    days = [session.opens_at.date().isoformat() for session in agenda(MONTH).sessions]

    assert (days[0], days[-1], len(days)) == ("2026-08-31", "2026-09-30", 22)
    assert "2026-09-14" not in days  # Ganesh Chaturthi


def test_a_month_of_failures_breaks_no_promise() -> None:
    month = processes.simulate(MONTH)

    assert month.promises_broken == {}, month.examples
    assert report.is_fine(month)
    assert month.within_45_minutes >= 0.99
    assert share_within(month.fresh_after_outage, 45) >= 0.99
    # Everything that can go wrong did.
    assert min(month.counts[what] for what in ("wrong answers", "flags right", "logins")) > 50
    assert month.counts["flags of other brokers"] > 0
    assert month.fresh_after_outage.total() > 200
    assert month.counts["upstream calls"] / MONTH.accounts / MONTH.sessions < 1.5


@pytest.mark.parametrize(
    ("guards", "broken"),
    [
        ({"has_lapsed": False}, "dead and not flagged"),
        ({"sessions_closed_between": 1, "has_lapsed": True, "is_mass_of_lapses": False}, "flagged while alive"),
        ({"needs_confirmation": False}, "portfolio smaller than the truth"),
        ({"confirms_doubt": True}, "portfolio smaller than the truth"),
    ],
)
def test_a_guard_that_is_gone_is_noticed(guards: dict[str, int], broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for guard, gone in guards.items():
        for user in (import_holdings, result, lapse_quorum, Connection, MarketCalendar):
            if hasattr(user, guard):
                monkeypatch.setattr(user, guard, lambda *_, gone=gone: gone)

    figures = Simulation(BAD_DAYS).run()

    assert figures.promises_broken[broken]
    assert not report.is_fine(figures)


def test_bad_days_are_fine_with_every_guard_in_place() -> None:
    assert Simulation(BAD_DAYS).run().promises_broken == {}


def test_a_refresh_of_a_million_stays_within_its_budget() -> None:
    small = replace(NO_FAILURES, sessions=1, accounts=1000, slots=3)

    cost = costs.of_a_million(Simulation(small).run(), small)

    assert 0.5 < cost.total <= costs.BUDGET
    assert cost.writes > cost.reads > cost.queue > 0


def test_percentiles_and_shares() -> None:
    minutes = Counter({60: 98, 120: 1, 46 * 60: 1})

    assert [percentile(minutes, share) for share in (0.5, 0.99, 1)] == [1, 2, 46]
    assert share_within(minutes, 45) == 0.99
    assert share_within(minutes, 45, missing=100) == 99 / 200
