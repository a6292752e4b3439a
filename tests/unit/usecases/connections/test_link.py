"""Link the account of a login to the user of its transaction."""

from copy import replace

import pytest

from gateway_backend.domain.connections.session import SessionState
from testing.market_times import FRIDAY_WINDOW, HOUR
from testing.world import World


@pytest.fixture
def world() -> World:
    """Account `a` of `user-1`, linked and imported on Thursday; now it is Friday evening."""
    world = World()
    world.link("a")
    world.now = FRIDAY_WINDOW
    return world


def test_an_older_transaction_renews_no_session_by_asking_for_funds(world: World) -> None:
    old = world.begin_transaction("TRX_old")
    world.now += HOUR
    world.end_session("a")
    world.link_with(replace(old, mutual_funds=True), "a")

    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN


def test_a_login_clears_the_reason_of_the_lapse(world: World) -> None:
    world.end_session("a")
    world.now += HOUR
    world.link_with(world.begin_transaction("TRX_new"), "a")

    session = world.connection("a").session
    assert (session.state, session.reason) == (SessionState.ACTIVE, None)
