"""The instructions that a message of Gateway's costs from its bytes to DynamoDB's attributes.

Every program runs with the work repeated and without any of it. The difference is the work alone, without the start of
Python and the imports.
"""

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import cold_start, instructions, samples
from bench.artifacts import LAMBDA_ENVIRONMENT, BuiltApp
from bench.rows import Row

SECURITIES, STOCKS = 30, 10
WEBHOOK_BUDGET = 0.30

_ROUNDS = 40
_PROGRAMS = Path(__file__).parent / "programs"
_REFERENCE = "json, Decimal, pydantic, boto3's TypeSerializer, an item each"


def rows(app: BuiltApp) -> Iterable[Row]:
    """Raises: MeasurementError."""
    (ours,) = (app.python_path(function) for function in app.functions if function.name == "ApplyWebhook")
    naive = cold_start.INSTALLED
    webhook, order = json.dumps(samples.holdings_webhook(SECURITIES)), json.dumps(samples.order_webhook(STOCKS))
    programs = (
        ("ours", "prepare_webhook", webhook, ours),
        ("naive", "prepare_webhook", webhook, naive),
        ("ours", "prepare_order", order, ours),
        ("naive", "prepare_order", order, naive),
    )
    with ThreadPoolExecutor() as pool:
        our_webhook, naive_webhook, our_order, naive_order = pool.map(lambda program: _measure(*program), programs)
    name = f"webhook of {SECURITIES} securities: verify, parse, encode"
    yield Row(name, our_webhook, naive_webhook, "k instructions", _REFERENCE, WEBHOOK_BUDGET)
    name = f"order of {STOCKS} stocks: parse, merge, encode"
    yield Row(name, our_order, naive_order, "k instructions", _REFERENCE)


def _measure(module: str, prepare: str, raw: str, python_path: str) -> float:
    """Count the thousands of instructions of one round, after a first one that warms up."""

    def count(rounds: int) -> float:
        program = (
            f"from {module} import {prepare}\n"
            f"process = {prepare}({raw.encode()!r})\n"
            f"process()\n"
            f"for _ in range({rounds}): process()"
        )
        path = os.pathsep.join([python_path, str(_PROGRAMS)])
        return instructions.count(program, python_path=path, environment=LAMBDA_ENVIRONMENT)

    return (count(_ROUNDS) - count(0)) / _ROUNDS * 1000
