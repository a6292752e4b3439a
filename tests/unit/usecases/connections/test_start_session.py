"""An SDK session: a token of a guest, or of an account that is the user's."""

import pytest

from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.gateway import tokens
from gateway_backend.usecases.connections.start_session import Session, start_session
from testing.gateway import KEYS
from testing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.link("a", broker="groww")
    return world


def start(world: World, account_id: str | None, user: str = "user-1") -> Session:
    return start_session(account_id, user=user, now=world.now, connections=world.connections, keys=KEYS)


def test_a_guest_may_choose_any_broker(world: World) -> None:
    session = start(world, None)

    assert (session.account_id, session.broker) == (None, None)
    assert tokens.account_of(session.token, KEYS.secret, world.now) is None


def test_a_connected_session_is_of_the_account_and_its_broker(world: World) -> None:
    session = start(world, "a")

    assert (session.account_id, session.broker) == ("a", "groww")
    assert tokens.account_of(session.token, KEYS.secret, world.now) == "a"


def test_a_token_lasts_as_long_as_the_session_says(world: World) -> None:
    assert start(world, "a").expires_at == world.now + tokens.LIFETIME


@pytest.mark.parametrize(("account_id", "user"), [("a", "user-2"), ("unknown", "user-1")])
def test_an_account_that_is_not_the_users_gets_no_token(world: World, account_id: str, user: str) -> None:
    with pytest.raises(NotFound):
        start(world, account_id, user)
