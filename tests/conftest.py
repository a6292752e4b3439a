"""Scenarios and integration tests run against a stack that is up: `make test` starts one of its own."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.actors import AppUser, Sandbox

CHECKOUT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        default=None,
        help="an outputs.json with apiUrl and sandboxUrl (default: the one that `make up` wrote)",
    )


@pytest.fixture(scope="session")
def outputs(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Where the stack is."""
    state = CHECKOUT / os.environ.get("LOCAL_STATE", ".local")
    path = Path(request.config.getoption("--stack") or state / "outputs.json")
    if not path.exists():
        pytest.fail(f"{path} is not there: `make up` starts a local cloud, or name another stack with --stack")
    return dict(json.loads(path.read_text()))


@pytest.fixture(scope="session")
def sandbox(outputs: dict[str, Any]) -> Sandbox:
    return Sandbox(outputs["sandboxUrl"])


@pytest.fixture(scope="session")
def new_user(outputs: dict[str, Any], sandbox: Sandbox) -> Callable[[], AppUser]:
    return lambda: AppUser(f"user-{uuid.uuid4()}", outputs["apiUrl"], sandbox)


@pytest.fixture
def user(new_user: Callable[[], AppUser]) -> AppUser:
    return new_user()


@pytest.fixture
def broker_account() -> str:
    """The name of a broker account nobody else uses."""
    return uuid.uuid4().hex[:12].upper()


@pytest.fixture
def faults(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, with whatever faults a test leaves behind cleared."""
    yield sandbox
    sandbox.clear_faults()
