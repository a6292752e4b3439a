"""Tests are found where the code is: `tests/unit/<ring>/<subject>/test_<module>.py`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.documents import LAYER
from testing.template import CHECKOUT

TESTS = CHECKOUT / "tests" / "unit"
FOLDERS = ("layers", "functions", "local", "sandbox", "ops", "bench", "testing", "tests")
LONGEST_FILE = 340
"""Lines: beyond them a file has two jobs."""


def modules(ring: str) -> Iterator[Path]:
    for path in (LAYER / ring).rglob("*.py"):
        if path.stem not in ("__init__", "contexts"):
            yield path.relative_to(LAYER)


@pytest.mark.parametrize("ring", ["usecases", "store"])
def test_every_use_case_and_store_has_tests_of_its_own(ring: str) -> None:
    untested = {
        str(module)
        for module in modules(ring)
        if not (TESTS / module.parent / f"test_{module.stem}.py").exists()
        and not list((TESTS / module.parent).glob(f"test_{module.stem}_*.py"))
    }

    assert untested == set()


@pytest.mark.parametrize("ring", ["domain", "contracts", "store", "usecases", "gateway", "runtime"])
def test_every_folder_of_tests_is_a_folder_of_the_code(ring: str) -> None:
    folders = {path.parent.relative_to(TESTS) for path in (TESTS / ring).rglob("test_*.py")}

    assert {str(folder) for folder in folders if not (LAYER / folder).is_dir()} == set()


def test_no_file_is_too_long() -> None:
    paths = [path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_text("utf-8").splitlines()) for path in paths}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_test_module_imports_another() -> None:
    wrong = {
        f"{path.relative_to(CHECKOUT)}: {module}"
        for path in (CHECKOUT / "tests").rglob("*.py")
        for module in imported(path)
        if module.startswith("tests.") and module.rpartition(".")[2].startswith("test_")
    }

    assert wrong == set()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
