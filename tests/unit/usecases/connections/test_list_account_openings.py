"""List the broker accounts that a user began to open."""

from gateway_backend.usecases.connections.list_account_openings import list_account_openings
from testing.account_openings import NOW, start
from testing.market_times import SECOND
from testing.world import World


def test_the_openings_of_the_user_are_listed_newest_first() -> None:
    world = World()
    first = start(world).opening
    second = start(world, key="key-2", now=NOW + SECOND).opening

    assert list_account_openings(user="user-1", openings=world.account_openings) == [second, first]


def test_the_openings_of_another_user_are_not_listed() -> None:
    world = World()
    start(world)

    assert list_account_openings(user="user-2", openings=world.account_openings) == []
