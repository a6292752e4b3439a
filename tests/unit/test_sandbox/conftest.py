"""A sandbox Gateway in this process, its webhooks caught by a partner."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from sandbox.app import create_app
from sandbox.state import State

from .partner import SETTINGS, Control, Partner


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def start(partner: Partner) -> Iterator[Callable[[Path | str], TestClient]]:
    """Starts a sandbox on a state file; called again, it is started anew."""
    with ExitStack() as running:

        def start_one(file: Path | str) -> TestClient:
            running.close()
            app = create_app(SETTINGS, State(file), httpx.MockTransport(partner.hear))
            partner.client = running.enter_context(TestClient(app))
            return partner.client

        yield start_one


@pytest.fixture
def control(start: Callable[[Path | str], TestClient]) -> Control:
    return Control(start(":memory:"))
