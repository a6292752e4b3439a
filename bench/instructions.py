"""Counting instructions with valgrind: the same on a busy machine as on an idle one, which time is not."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping

MILLION = 1_000_000
_COUNT = re.compile(r"I\s+refs:\s+([\d,]+)")


class MeasurementError(Exception):
    """The measured program did not run to its end."""


def valgrind_is_missing() -> bool:
    return shutil.which("valgrind") is None


def count(code: str, *, python_path: str, environment: Mapping[str, str]) -> float:
    """Millions of instructions of a fresh Python that runs `code`, its own start included.

    Only the standard library and `python_path` are there to import from. Raises: MeasurementError.
    """
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={os.devnull}"]
    result = _run([*valgrind, *_python(code)], python_path, environment)
    found = _COUNT.search(result.stderr)
    if result.returncode != 0 or found is None:
        raise MeasurementError(result.stderr[-2000:])
    return int(found[1].replace(",", "")) / MILLION


def warm_up(code: str, *, python_path: str, environment: Mapping[str, str]) -> None:
    """Run once so that bytecode which an installed package would have is there. Raises: MeasurementError."""
    result = _run(_python(code), python_path, {**environment, "PYTHONDONTWRITEBYTECODE": ""})
    if result.returncode != 0:
        raise MeasurementError(result.stderr[-2000:])


def _python(code: str) -> list[str]:
    # The interpreter behind the virtual environment: not one package of ours is installed in it.
    return [getattr(sys, "_base_executable", sys.executable), "-S", "-P", "-c", code]


def _run(command: list[str], python_path: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    fixed = {"PYTHONPATH": python_path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as empty:
        home = {"PATH": os.environ["PATH"], "HOME": empty}
        everything = {**home, **fixed, **environment}
        return subprocess.run(command, cwd=empty, env=everything, capture_output=True, text=True, check=False)
