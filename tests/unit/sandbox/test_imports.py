"""The sandbox's packages import from below only, in the order of the list in `sandbox/__init__.py`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from testing.template import CHECKOUT

SANDBOX = CHECKOUT / "sandbox"
MODULES = sorted(SANDBOX.rglob("*.py"))
# From the top down.
ORDER = [
    "__main__",
    "app",
    "api",
    "services",
    "user",
    "exchange",
    "webhooks",
    "faults",
    "transactions",
    "orders",
    "accounts",
    "auth",
    "market",
    "scenario",
    "clock",
    "state",
    "errors",
    "exact_json",
    "settings",
]
LONGEST_FILE = 260


def package_of(module: str) -> str:
    """`accounts` for `sandbox.accounts.holdings`."""
    return module.split(".")[1]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """The sandbox's modules that a file imports, also inside functions and `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (module for module in modules if module.startswith("sandbox."))


def imported_files(path: Path) -> set[Path]:
    files = set()
    for module in imports(path):
        parts = module.split(".")
        candidates = [CHECKOUT.joinpath(*parts[:length]).with_suffix(".py") for length in range(2, len(parts) + 1)]
        files |= {candidate for candidate in candidates if candidate.exists()}
    return files


def cycle_from(start: Path) -> list[Path]:
    """The files that lead from `start` back to it; empty when there is no way back."""
    ways = [[start]]
    visited = set()
    while ways:
        way = ways.pop()
        for file in imported_files(way[-1]):
            if file == start:
                return way
            if file not in visited:
                visited.add(file)
                ways.append([*way, file])
    return []


def test_every_package_has_a_place_in_the_order() -> None:
    packages = {package_of(name_of(path)) for path in MODULES if path != SANDBOX / "__init__.py"}
    assert packages == set(ORDER)


def test_the_docstring_lists_the_packages_in_this_order() -> None:
    assert re.findall(r"^    (\w+) ", sandbox.__doc__ or "", re.MULTILINE) == ORDER[1:]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_from_below_or_from_its_own_package(path: Path) -> None:
    imported = {package_of(module) for module in imports(path)}
    if path == SANDBOX / "__init__.py":
        assert imported == set()
        return
    own = ORDER.index(package_of(name_of(path)))
    assert {package for package in imported if ORDER.index(package) < own} == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_file_imports_itself_by_a_circle(path: Path) -> None:
    assert cycle_from(path) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_sandbox_never_imports_the_backend(path: Path) -> None:
    assert "gateway_backend" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
