"""A sandbox Gateway in this process, whose webhooks go to a partner."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from sandbox.app import create_app
from sandbox.state import State
from tests.unit.sandbox.partner import SETTINGS, Control, Partner


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def start(partner: Partner) -> Iterator[Callable[[Path | str], TestClient]]:
    """Starts a sandbox on a state file; a second call stops the first sandbox and starts another."""
    with ExitStack() as running:

        def start_on(file: Path | str) -> TestClient:
            running.close()
            app = create_app(SETTINGS, State(file), httpx.MockTransport(partner.receive))
            partner.client = running.enter_context(TestClient(app))
            return partner.client

        yield start_on


@pytest.fixture
def control(start: Callable[[Path | str], TestClient]) -> Control:
    return Control(start(":memory:"))


@pytest.fixture
def auth_id(control: Control) -> str:
    """The id of the account AB1234 at Groww, which has the default portfolio."""
    return control.put_account()
