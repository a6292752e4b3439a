"""An account that is due for a refresh."""

import pytest

from testing.market_times import FRIDAY_WINDOW
from testing.world import World


@pytest.fixture
def world() -> World:
    """Account `a`, imported on Thursday evening; now it is Friday and the refresh window is open."""
    world = World()
    world.link("a")
    world.now = FRIDAY_WINDOW
    world.gateway.calls.clear()
    return world
