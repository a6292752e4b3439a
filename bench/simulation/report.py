"""The figures as a person reads them."""

from collections import Counter
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from bench.simulation.costs import (
    BUDGET,
    MILLION,
    REFERENCE,
    Costs,
    done_naively,
    of_a_million,
    per_session,
    workers_of_a_million,
)
from bench.simulation.figures import PROMISES, Figures, percentile, share_within
from bench.simulation.scenario import Scenario, agenda

FRESH_SHARE = 0.99


def is_fine(figures: Figures) -> bool:
    return not figures.promises_broken and figures.within_45_minutes >= FRESH_SHARE


def show(console: Console, scenario: Scenario, figures: Figures, seconds: float) -> None:
    drawn = Table("", box=box.SIMPLE, show_header=False)
    drawn.columns[0].no_wrap = True
    drawn.add_column(justify="right", no_wrap=True)
    for title, lines in (
        ("What was simulated", _simulated(scenario, figures)),
        ("Minutes until a healthy account is fresh, from the window's start", _freshness(scenario, figures)),
        ("Flags: a login is needed", _flags(figures)),
        ("Asked of Gateway", _calls(scenario, figures)),
        ("Dollars a session, list prices of 2026 in us-east-1", _dollars(scenario, figures)),
        ("This run", _run(figures, seconds)),
    ):
        drawn.add_row(f"[bold]{title}[/]")
        for name, value in lines:
            drawn.add_row(f"  {name}", value)
        drawn.add_section()
    console.print(drawn)
    _promises(console, figures)


def _simulated(scenario: Scenario, figures: Figures) -> Iterable[tuple[str, str]]:
    coming = agenda(scenario)
    first, last = (session.opens_at.date() for session in (coming.sessions[0], coming.sessions[-1]))
    yield "accounts, sessions", f"{scenario.accounts:,} x {scenario.sessions}"
    yield "NSE sessions from, to", f"{first} to {last}"
    yield (
        "changed a session; sessions dying a day; calls failing",
        (f"{scenario.changed:.0%}; {scenario.expiries:.1%}; {scenario.call_failures:.1%}"),
    )
    if scenario.outage_hours:
        yield "outage", f"{scenario.outage_hours:g} h from {coming.outage_begins:%Y-%m-%d %H:%M} UTC"
    yield "wrong answers (empty or half portfolios)", f"{figures.counts['wrong answers']:,}"


def _freshness(scenario: Scenario, figures: Figures) -> Iterable[tuple[str, str]]:
    yield "p50 / p90 / p99 / longest", _percentiles(figures.fresh)
    yield "within 45 minutes", f"{share_within(figures.fresh, 45):.3%}"
    if scenario.outage_hours:
        yield "day of the outage, counted from its end", _percentiles(figures.fresh_after_outage)
        yield "within 45 minutes of its end", f"{share_within(figures.fresh_after_outage, 45):.3%}"
    verdict = "[green]ok[/]" if figures.within_45_minutes >= FRESH_SHARE else "[red]MISSED[/]"
    yield f"all days, at least {FRESH_SHARE:.0%}", f"{figures.within_45_minutes:.3%} {verdict}"


def _flags(figures: Figures) -> Iterable[tuple[str, str]]:
    counts = figures.counts
    yield (
        "right / wrong / missed",
        " / ".join(f"{counts[name]:,}" for name in ("flags right", "flagged while alive", "dead and not flagged")),
    )
    yield "minutes from the window's start (p50 / p90 / p99 / longest)", _percentiles(figures.flagged)
    yield "other brokers' accounts, stale after the close", f"{counts['flags of other brokers']:,}"
    yield "logins afterwards", f"{counts['logins']:,}"


def _calls(scenario: Scenario, figures: Figures) -> Iterable[tuple[str, str]]:
    calls = figures.counts["upstream calls"]
    yield "calls, an account and session", f"{calls:,}, {calls / scenario.accounts / scenario.sessions:.3f}"
    yield "in the busiest second, at most", f"{figures.peak:,}"
    yield (
        f"RefreshConcurrency here; for {MILLION:,}, extrapolated",
        (f"{scenario.concurrency}; {workers_of_a_million(figures, scenario)}"),
    )


def _dollars(scenario: Scenario, figures: Figures) -> Iterable[tuple[str, str]]:
    refreshes, used = figures.fresh.total() + figures.fresh_after_outage.total(), figures.used["refresh"]
    yield (
        "write units, read units of a refresh",
        f"{used.write_units / refreshes:.3f}, {used.read_units / refreshes:.3f}",
    )
    here = per_session(figures, scenario)
    yield f"{scenario.accounts:,} accounts", f"{here.total:.4f}"
    million, simulated = of_a_million(figures, scenario), figures.counts["long-lived accounts"]
    yield f"{MILLION:,} Zerodha accounts, extrapolated from {simulated:,}", f"[bold]{million.total:.2f}[/]"
    yield from _parts(million)
    yield "  events on the bus, beside it", f"{million.events:.2f}"
    yield "the reference: schedule and Lambda per user, item per security", f"{REFERENCE:.2f}"
    naive = done_naively(figures, scenario)
    yield "the reference's way in this world", f"{sum(naive.values()):.2f}"
    for what, dollars in naive.items():
        yield f"  {what}", f"{dollars:.2f}"
    over = "" if million.total <= BUDGET else "; over, see docs/decisions.md"
    yield (
        f"against the reference of {REFERENCE} (budget {BUDGET / REFERENCE:.2f})",
        f"{million.total / REFERENCE:.2f}{over}",
    )


def _parts(costs: Costs) -> Iterable[tuple[str, str]]:
    yield "  DynamoDB, writes", f"{costs.writes:.2f}"
    yield "  DynamoDB, reads", f"{costs.reads:.2f}"
    yield "  SQS", f"{costs.queue:.2f}"
    yield "  Lambda, requests", f"{costs.invocations:.2f}"
    yield "  Lambda, time", f"{costs.time:.2f}"
    yield "  planner and flagger, the same for any number", f"{costs.schedules:.2f}"


def _run(figures: Figures, seconds: float) -> Iterable[tuple[str, str]]:
    yield "wall time, CPU time", f"{seconds:.0f} s, {figures.cpu_seconds:.0f} s"
    yield "peak memory of all processes", f"{figures.peak_memory / MILLION:,.0f} MB"


def _percentiles(counted: Counter[int]) -> str:
    return " / ".join(f"{percentile(counted, share):.1f}" for share in (0.5, 0.9, 0.99, 1))


def _promises(console: Console, figures: Figures) -> None:
    for what, promise in PROMISES.items():
        times = figures.counts[what]
        console.print(f"  [red]BROKEN {times:,} times[/]  {promise}" if times else f"  [green]kept[/]  {promise}")
    for example in figures.examples:
        console.print(f"  [red]{example}[/]", highlight=False)
