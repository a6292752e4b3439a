"""`make simulate ARGS="--accounts 10000"`: weeks of refreshing in minutes. Fails when a promise is broken."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bench.simulation import processes, report
from bench.simulation.scenario import Scenario

DEFAULT = Scenario()
WIDTH = 110

Share = typer.Option(min=0, max=1)
Count = typer.Option(min=1)


def main(
    accounts: Annotated[int, Count] = DEFAULT.accounts,
    sessions: Annotated[int, Count] = DEFAULT.sessions,
    seed: int = DEFAULT.seed,
    changed: Annotated[float, Share] = DEFAULT.changed,
    call_failures: Annotated[float, Share] = DEFAULT.call_failures,
    expiries: Annotated[float, Share] = DEFAULT.expiries,
    outage_hours: Annotated[float, typer.Option(min=0, max=12)] = DEFAULT.outage_hours,
    updating: Annotated[float, Share] = DEFAULT.updating,
    other_brokers: Annotated[float, Share] = DEFAULT.other_brokers,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Of the messages and schedules")] = DEFAULT.duplicates,
    concurrency: Annotated[int, typer.Option(min=1, help="RefreshConcurrency")] = DEFAULT.concurrency,
    latency: Annotated[float, typer.Option(min=0.01, help="Of Gateway, in seconds on average")] = DEFAULT.latency,
    repeat_wrong_answers: Annotated[
        bool, typer.Option("--repeat-wrong-answers", help="Let Gateway give the same wrong answer twice in a row")
    ] = False,
    processes_: Annotated[int, typer.Option("--processes", min=1)] = 2,
) -> None:
    """Refresh accounts over weeks, with everything going wrong that may, and see what the backend makes of it."""
    scenario = Scenario(
        accounts=accounts,
        sessions=sessions,
        seed=seed,
        changed=changed,
        call_failures=call_failures,
        expiries=expiries,
        outage_hours=outage_hours,
        updating=updating,
        other_brokers=other_brokers,
        duplicates=duplicates,
        concurrency=concurrency,
        latency=latency,
        repeat_wrong_answers=repeat_wrong_answers,
        parts=min(processes_, accounts),
    )
    console, begun = Console(), time.monotonic()
    console.width = max(console.width, WIDTH)
    columns = (TextColumn("process {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = [bars.add_task(str(part + 1), total=1.0) for part in range(scenario.parts)]
        figures = processes.simulate(scenario, lambda part, share: bars.update(tasks[part], completed=share))
    report.show(console, scenario, figures, time.monotonic() - begun)
    if not report.is_fine(figures):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
