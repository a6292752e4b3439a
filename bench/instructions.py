"""Count instructions with valgrind. Unlike time, the count is the same on a busy machine and on an idle one."""

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
    """Count the million instructions of a new Python that runs `code`, its start included.

    `code` can import the standard library and what is on `python_path` only. Raises: MeasurementError.
    """
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={os.devnull}"]
    result = _run([*valgrind, *_command(code)], python_path, environment)
    match = _COUNT.search(result.stderr)
    if result.returncode != 0 or match is None:
        raise MeasurementError(result.stderr[-2000:])
    return int(match[1].replace(",", "")) / MILLION


def warm_up(code: str, *, python_path: str, environment: Mapping[str, str]) -> None:
    """Run `code` once, so that installed packages have their bytecode. Raises: MeasurementError."""
    result = _run(_command(code), python_path, {**environment, "PYTHONDONTWRITEBYTECODE": ""})
    if result.returncode != 0:
        raise MeasurementError(result.stderr[-2000:])


def _command(code: str) -> list[str]:
    # The interpreter behind the virtual environment has none of its packages.
    return [getattr(sys, "_base_executable", sys.executable), "-S", "-P", "-c", code]


def _run(command: list[str], python_path: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    fixed = {"PYTHONPATH": python_path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as empty:
        full_environment = {"PATH": os.environ["PATH"], "HOME": empty, **fixed, **environment}
        return subprocess.run(command, cwd=empty, env=full_environment, capture_output=True, text=True, check=False)
