"""The accounts shared out to processes, and their figures added up."""

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Any

from bench.simulation.figures import Figures
from bench.simulation.run import Simulation
from bench.simulation.scenario import Scenario


class ProcessDied(Exception):
    """A process ended without its figures."""


def simulate(scenario: Scenario, progress: Callable[[int, float], None]) -> Figures:
    """`progress` is told which part has come how far. Raises: ProcessDied."""
    parts = [replace(scenario, part=part) for part in range(scenario.parts)]
    total = Figures()
    if len(parts) == 1:
        total.add(Simulation(scenario).run(lambda share: progress(0, share)))
        return total
    running = dict(map(_start, parts))
    try:
        while running:
            for ready in wait(list(running)):
                part, process = running[ready]  # type: ignore[index]
                told = _receive(ready, part)  # type: ignore[arg-type]
                if isinstance(told, Figures):
                    total.add(told)
                    del running[ready]  # type: ignore[arg-type]
                    process.join()
                    progress(part, 1)
                else:
                    progress(part, told)
    finally:
        for _, process in running.values():
            process.terminate()
    return total


def _start(scenario: Scenario) -> tuple[Connection, tuple[int, multiprocessing.Process]]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_work, args=(scenario, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, (scenario.part, process)


def _work(scenario: Scenario, parent: "Connection[Any, Any]") -> None:
    parent.send(Simulation(scenario).run(parent.send))


def _receive(connection: Connection, part: int) -> Figures | float:
    try:
        told: Figures | float = connection.recv()
    except EOFError:
        raise ProcessDied(f"process {part} died") from None
    return told
