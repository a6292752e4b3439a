"""The accounts shared out to processes, and their figures added up."""

import multiprocessing
import os
from collections.abc import Callable
from copy import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import jwt.algorithms

from bench.simulation.figures import Figures
from bench.simulation.run import Simulation
from bench.simulation.scenario import Scenario
from gateway_backend.runtime.observability import logger

_SPAWN = multiprocessing.get_context("spawn")


class ProcessDied(Exception):
    """A process ended without its figures."""


def simulate(scenario: Scenario, progress: Callable[[int, float], None] = lambda _part, _share: None) -> Figures:
    """`progress` is called with which part has come how far. Raises: ProcessDied."""
    total = Figures()
    running = {part: _start(replace(scenario, part=part)) for part in range(scenario.parts)}
    try:
        while running:
            ready = wait([connection for connection, _ in running.values()])
            for part in [part for part, (connection, _) in running.items() if connection in ready]:
                message = _receive(part, running[part][0])
                progress(part, 1 if isinstance(message, Figures) else message)
                if isinstance(message, Figures):
                    total.add(message)
                    running.pop(part)[1].join()
    finally:
        for _, process in running.values():
            process.terminate()
    return total


def _start(scenario: Scenario) -> tuple[Connection, BaseProcess]:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_work, args=(scenario, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _work(scenario: Scenario, parent: Connection) -> None:
    # Nobody reads the logs and counters of millions of refreshes.
    os.environ |= {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_METRICS_NAMESPACE": "simulation"}
    logger.setLevel("CRITICAL")
    # As in the deployed layer, where PyJWT finds no cryptography and tries none of its kinds of keys.
    jwt.algorithms.has_crypto = False
    parent.send(Simulation(scenario).run(parent.send))


def _receive(part: int, connection: Connection) -> Figures | float:
    try:
        message: Figures | float = connection.recv()
    except EOFError:
        raise ProcessDied(f"process {part + 1} died") from None
    return message
