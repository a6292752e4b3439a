"""The size of what Lambda fetches and unpacks before a cold start."""

from pathlib import Path

from bench.artifacts import BuiltApp
from bench.rows import Row

REFERENCE_MB = 35
BUDGET_MB = 20


def unzipped_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1_000_000


def row(app: BuiltApp) -> Row:
    measured = unzipped_mb(app.layer) + max(unzipped_mb(function.folder) for function in app.functions)
    budget = BUDGET_MB / REFERENCE_MB
    return Row("layer and largest function, unzipped", measured, REFERENCE_MB, "MB", "a plain layer", budget)
