"""A client of our own against a Gateway that a test controls."""

from collections.abc import Iterator

import pytest

from gateway_backend.gateway import client
from gateway_backend.gateway.client import Gateway, open_session
from testing.fake_gateway import FakeGateway, running_gateway
from testing.gateway_calls import KEYS


@pytest.fixture
def fake() -> Iterator[FakeGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """It gives up soon, and retries at once."""
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)
    for pause in ("backoff_factor", "backoff_jitter"):
        monkeypatch.setattr(client._READ_RETRIES, pause, 0)
    return Gateway(open_session(), fake.url + "/", KEYS)
