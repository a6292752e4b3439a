"""Link the account of a login to the user of its transaction."""

from copy import replace
from datetime import timedelta

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.shared.errors import ConnectionWithdrawn
from testing.market_times import FRIDAY_WINDOW, HOUR, SECOND
from testing.transaction_starts import start
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


# Unlinked in between ---------------------------------------------------------------------------


def test_a_transaction_from_before_an_unlinking_does_not_touch_the_new_link(world: World) -> None:
    old = world.begin_transaction("TRX_old", account_id="a")
    world.now += HOUR
    world.unlink("a")
    world.now += HOUR
    world.link_with(world.begin_transaction("TRX_new"), "a")

    with pytest.raises(ConnectionWithdrawn):
        world.link_with(old, "a")


def test_an_older_transaction_without_an_unlinking_in_between_links(world: World) -> None:
    old = world.begin_transaction("TRX_old")
    world.now += HOUR
    world.link("b")

    assert world.link_with(replace(old, id="TRX_other"), "b").owner == "user-1"


@pytest.mark.parametrize("behind", [2 * SECOND, -2 * SECOND])
def test_what_a_user_does_after_an_unlinking_links_whatever_the_clocks_say(world: World, behind: timedelta) -> None:
    """The worker that starts the transaction has another clock than the one that unlinked."""
    world.unlink("a")
    world.now -= behind
    transaction = world.transaction(start(world, {"intent": "CONNECT"}).transaction.id)

    assert world.link_with(transaction, "a").owner == "user-1"


@pytest.mark.parametrize("behind", [2 * SECOND, -2 * SECOND])
def test_what_a_user_did_before_an_unlinking_links_no_more_whatever_the_clocks_say(
    world: World, behind: timedelta
) -> None:
    transaction = world.begin_transaction("TRX_old")
    world.now -= behind
    world.unlink("a")

    with pytest.raises(ConnectionWithdrawn):
        world.link_with(transaction, "a")
