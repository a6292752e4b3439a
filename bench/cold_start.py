"""The cost of a cold start: the import of a function's `app` from the built artifacts."""

import os
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import instructions
from bench.artifacts import LAMBDA_ENVIRONMENT, BuiltApp, Function
from bench.rows import Row

HOT = {"ReceiveWebhook", "GetAccountHoldings", "GetHoldings"}
HOT_BUDGET = 1.00
OTHER_BUDGET = 1.35

INSTALLED = sysconfig.get_path("purelib")
"""The packages of the development environment, boto3 among them."""

_REFERENCE = 'import boto3; boto3.client("dynamodb")'


def rows(app: BuiltApp) -> Iterable[Row]:
    """Measure every function, those on the hot path first. Both amounts include the start of an empty Python.

    Raises: MeasurementError.
    """
    functions = sorted(app.functions, key=lambda function: (function.name not in HOT, function.name))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reference = pool.submit(_count_reference)
        counts = list(pool.map(lambda function: count_import(app, function), functions))
    for function, measured in zip(functions, counts, strict=True):
        budget = HOT_BUDGET if function.name in HOT else OTHER_BUDGET
        yield Row(f"import of {function.name}", measured, reference.result(), "M instructions", _REFERENCE, budget)


def count_import(app: BuiltApp, function: Function) -> float:
    """Count the million instructions of a function's import. Raises: MeasurementError."""
    return instructions.count("import app", python_path=app.python_path(function), environment=function.environment)


def _count_reference() -> float:
    instructions.warm_up(_REFERENCE, python_path=INSTALLED, environment=LAMBDA_ENVIRONMENT)
    if not any(Path(INSTALLED, "boto3").glob("__pycache__/*.pyc")):
        # The reference would include the compilation of boto3, and our functions would look three times better.
        raise instructions.MeasurementError("the installed boto3 has no bytecode, and none could be written")
    return instructions.count(_REFERENCE, python_path=INSTALLED, environment=LAMBDA_ENVIRONMENT)
