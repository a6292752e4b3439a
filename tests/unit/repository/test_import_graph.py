"""Imports only point down, as docs/architecture.md draws the rings, and a handler stays a handler."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.template import CHECKOUT

LAYER = CHECKOUT / "layers/core"
HANDLERS = sorted((CHECKOUT / "functions").glob("*/app.py"))
MODULES = sorted((LAYER / "gateway_backend").rglob("*.py"))
# Which of our rings a ring may import, and which packages of others.
OURS = {
    "functions": {"bootstrap", "usecases", "runtime", "contracts", "domain"},
    "bootstrap": {"bootstrap", "usecases", "store", "gateway", "runtime", "domain"},
    "usecases": {"usecases", "domain", "contracts", "gateway", "store", "runtime"},
    "store": {"store", "contracts", "domain"},
    "gateway": {"gateway", "contracts", "domain", "runtime"},
    "contracts": {"contracts", "domain"},
    "runtime": {"runtime", "domain"},
    "domain": {"domain"},
}
THIRD_PARTY = {
    "functions": set(),
    "bootstrap": set(),
    "usecases": set(),
    "store": {"botocore"},
    "gateway": {"jwt", "pydantic", "requests", "urllib3"},
    "contracts": {"pydantic", "pydantic_core"},
    "runtime": {"aws_lambda_powertools", "botocore"},
    "domain": set(),
}
# `domain` does no I/O: what it would take to do any.
OUTSIDE_WORLD = {"asyncio", "http", "os", "pathlib", "shutil", "socket", "subprocess", "threading", "time", "urllib"}
LONGEST_HANDLER = 45


def ring(module: Path) -> str:
    return "functions" if module in HANDLERS else module.relative_to(LAYER / "gateway_backend").with_suffix("").parts[0]


def imports(module: Path) -> Iterator[str]:
    """Every module named in an import, also inside functions and `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides what it imports"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fault(importing: str, imported: str) -> str | None:
    """What is wrong with the import, None when it points down."""
    package, _, rest = imported.partition(".")
    if package == "gateway_backend":
        inner = rest.partition(".")[0]
        return None if inner in OURS[importing] else f"{importing} must not import {inner or package}"
    if package in sys.stdlib_module_names:
        does_io = importing == "domain" and package in OUTSIDE_WORLD
        return f"domain does no I/O, but imports {package}" if does_io else None
    return None if package in THIRD_PARTY[importing] else f"{importing} must not import {package}"


def test_the_layer_has_no_ring_without_a_rule() -> None:
    found = {ring(module) for module in MODULES} - {"__init__"}
    assert found | {"functions"} == set(OURS) == set(THIRD_PARTY)


@pytest.mark.parametrize("module", [*MODULES, *HANDLERS], ids=lambda module: str(module.relative_to(CHECKOUT)))
def test_imports_only_point_down(module: Path) -> None:
    if module == LAYER / "gateway_backend/__init__.py":
        assert list(imports(module)) == []
        return
    faults = {fault(ring(module), imported) for imported in imports(module)}
    assert faults - {None} == set()


@pytest.mark.parametrize("module", HANDLERS, ids=lambda module: module.parent.name)
def test_a_handler_translates_and_nothing_more(module: Path) -> None:
    text = module.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= LONGEST_HANDLER
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.TryStar)]
    assert {name.partition(".")[0] for name in imports(module)} & {"boto3", "botocore", "os"} == set()
    use_cases = [name for name in imports(module) if ".usecases." in name and name.rpartition(".")[2].islower()]
    assert len(use_cases) == 1, "a handler calls a single use case"
    assert ast.get_docstring(tree)


@pytest.mark.parametrize(
    ("importing", "imported"),
    [
        ("domain", "gateway_backend.store.dynamodb.table.Table"),
        ("domain", "pydantic.BaseModel"),
        ("domain", "os.environ"),
        ("contracts", "gateway_backend.runtime.http"),
        ("runtime", "gateway_backend.store.dynamodb.table"),
        ("store", "gateway_backend.gateway.client"),
        ("store", "gateway_backend.runtime.settings"),
        ("usecases", "gateway_backend.bootstrap"),
        ("functions", "gateway_backend.store.dynamodb.table.Table"),
        ("functions", "gateway_backend.gateway.client.Gateway"),
        ("gateway", "gateway_backend.store.dynamodb.table"),
        ("usecases", "functions.get_holdings.app"),
        ("usecases", "botocore.session"),
        ("store", "boto3.client"),
        ("functions", "sandbox.app"),
        ("runtime", "local.cloud"),
        ("usecases", "web.app"),
        ("contracts", "ops.api_reference.generate"),
        ("gateway", "bench.artifacts"),
        ("functions", "boto3.client"),
    ],
)
def test_an_import_that_points_up_or_out_is_found(importing: str, imported: str) -> None:
    assert fault(importing, imported)


def test_the_freshness_module_loads_no_heavy_package() -> None:
    layer = Path(sys.modules["gateway_backend"].__path__[0]).parent
    program = "import sys, gateway_backend.domain.connections.freshness; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], cwd=layer, text=True).split()
    assert "gateway_backend.domain.connections.freshness" in loaded
    assert {"holidays", "zoneinfo", "_strptime", "pydantic", "boto3"}.isdisjoint(loaded)
