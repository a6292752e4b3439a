"""Cold start: what importing each function's `app` from the built artifacts costs."""

import os
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import instructions
from bench.built import LAMBDA_GIVES, BuiltApp, Function
from bench.rows import Row

HOT = {"ReceiveWebhook", "GetAccountHoldings", "GetHoldings"}
HOT_BUDGET = 1.00
OTHER_BUDGET = 1.35

INSTALLED = sysconfig.get_path("purelib")
"""Where the development environment has boto3, as pip or uv installs it."""

_REFERENCE = 'import boto3; boto3.client("dynamodb")'


def rows(app: BuiltApp) -> Iterable[Row]:
    """Hot functions first. Both sides include the start of an empty Python. Raises: MeasurementError."""
    functions = sorted(app.functions, key=lambda function: (function.name not in HOT, function.name))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reference = pool.submit(_installed_boto3)
        counts = list(pool.map(lambda function: import_of(app, function), functions))
    for function, measured in zip(functions, counts, strict=True):
        budget = HOT_BUDGET if function.name in HOT else OTHER_BUDGET
        yield Row(f"import of {function.name}", measured, reference.result(), "M instructions", _REFERENCE, budget)


def import_of(app: BuiltApp, function: Function) -> float:
    return instructions.count("import app", python_path=app.python_path(function), environment=function.environment)


def _installed_boto3() -> float:
    instructions.warm_up(_REFERENCE, python_path=INSTALLED, environment=LAMBDA_GIVES)
    if not any(Path(INSTALLED, "boto3").glob("__pycache__/*.pyc")):
        # The reference would include compiling boto3, and everything of ours would look three times better.
        raise instructions.MeasurementError("the installed boto3 has no bytecode, and none could be written")
    return instructions.count(_REFERENCE, python_path=INSTALLED, environment=LAMBDA_GIVES)
