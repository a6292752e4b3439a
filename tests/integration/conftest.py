"""Integration tests look behind the API, so they need a stack on the local cloud."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.domain.market.calendar import MarketCalendar, nse_calendar
from gateway_backend.domain.shared import times
from testing.actors import Sandbox
from tests.integration.aws import Aws


@pytest.fixture(scope="session")
def aws(outputs: dict[str, Any]) -> Aws:
    if "awsEndpoint" not in outputs:
        pytest.fail("integration tests look into the table: run them against the local cloud (`make up`)")
    return Aws(outputs)


@pytest.fixture(scope="session")
def calendar() -> MarketCalendar:
    return nse_calendar()


@pytest.fixture
def clock(market: Sandbox, calendar: MarketCalendar, aws: Aws) -> Iterator[Sandbox]:
    """The sandbox, two hours before a close that no test has refreshed after; in the end the time is the machine's."""
    close = calendar.next_close(market.now() + timedelta(hours=2))
    while aws.items(f"REFRESH#{times.to_key(close)}"):
        close = calendar.next_close(close)
    market.set_clock(close - timedelta(hours=2))
    yield market
    market.reset_clock()


@pytest.fixture
def market(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox; in the end its market is open again, and its order pull as it was."""
    yield sandbox
    sandbox.set_market(open=True, amo=True)
    sandbox.set_orders_shape("object")
