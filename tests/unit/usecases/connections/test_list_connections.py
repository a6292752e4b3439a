"""A user's connections, each with how fresh it is and when it is refreshed next."""

from gateway_backend.domain.connections.freshness import State
from gateway_backend.usecases.connections.list_connections import Health, list_connections
from testing.contexts import CALENDAR, TIMES
from testing.market_times import FRIDAY_WINDOW, HOUR
from testing.world import World


def listed(world: World, user: str = "user-1") -> list[Health]:
    return list_connections(user=user, now=world.now, connections=world.connections, calendar=CALENDAR, times=TIMES)


def test_who_has_linked_nothing_has_no_connections() -> None:
    world = World()
    world.link("a")

    assert listed(world, "user-2") == []


def test_the_longest_linked_comes_first() -> None:
    world = World()
    for account_id in ("b", "a", "c"):
        world.now += HOUR
        world.link(account_id)

    assert [connection.id for connection, _, _ in listed(world)] == ["b", "a", "c"]


def test_each_has_its_freshness() -> None:
    world = World()
    world.link("a", broker="kite")
    world.link("b", broker="groww")
    world.now = FRIDAY_WINDOW
    world.pull("b")

    assert {connection.id: verdict.state for connection, verdict, _ in listed(world)} == {
        "a": State.DUE,
        "b": State.FRESH,
    }


def test_only_what_is_refreshed_without_a_login_has_a_next_refresh() -> None:
    world = World()
    world.link("a", broker="kite")
    world.link("b", broker="groww")

    due = {connection.id: next_due for connection, _, next_due in listed(world)}

    assert due["b"] is None
    assert due["a"] is not None
    assert due["a"] > world.now
