"""The app gets one event per lapse that a snapshot has gone stale and only its user can renew it."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.usecases.connections import flag_stale as module
from gateway_backend.usecases.connections.flag_stale import flag_if_stale, flag_stale_sessions
from testing.contexts import CALENDAR
from testing.market_times import FRIDAY_CLOSE, FRIDAY_NOON, HOUR, SECOND, THURSDAY_EVENING
from testing.world import World


@pytest.fixture
def world() -> World:
    """An account whose broker wants a login for every import, imported on Thursday evening; now it is Friday noon."""
    world = World()
    world.link("a", broker="groww")
    world.now = FRIDAY_NOON
    return world


def flag(world: World, threads: int = 1) -> int:
    counted = flag_stale_sessions(clock=world.clock, connections=world.connections, calendar=CALENDAR, threads=threads)
    return counted["flaggedStale"]


def flag_one(world: World, connection: Connection) -> bool:
    """By a worker that has read it so."""
    return flag_if_stale(connection, world.now, world.connections, CALENDAR)


def test_a_snapshot_goes_stale_with_the_next_close(world: World) -> None:
    world.now = FRIDAY_CLOSE - SECOND
    assert flag(world) == 0

    world.now = FRIDAY_CLOSE
    assert flag(world) == 1
    assert world.connection("a").stale_since == FRIDAY_CLOSE


def test_it_is_published_once_per_lapse(world: World) -> None:
    world.now = FRIDAY_CLOSE
    flag(world)
    flagged = world.connection("a")

    for days in (1, 2, 3, 10):
        world.now = FRIDAY_CLOSE + days * 24 * HOUR
        assert flag(world) == 0
    assert world.connection("a") == flagged


def test_two_runs_at_once_tell_it_once(world: World) -> None:
    world.now = FRIDAY_CLOSE
    seen = world.connection("a")

    assert [flag_one(world, seen), flag_one(world, seen)] == [True, False]


def test_a_new_import_ends_the_lapse_and_the_next_is_published_again(world: World) -> None:
    world.now = FRIDAY_CLOSE
    flag(world)
    world.now += HOUR
    world.pull("a")
    assert world.connection("a").stale_since is None
    assert flag(world) == 0

    world.now = FRIDAY_CLOSE + 72 * HOUR
    assert flag(world) == 1


@pytest.mark.parametrize(("broker", "flagged"), [("groww", 1), ("a-new-broker", 1), ("", 1), ("kite", 0)])
def test_where_a_fetch_may_still_help_nobody_is_flagged(broker: str, flagged: int) -> None:
    world = World()
    world.link("b", broker=broker)
    world.now = FRIDAY_CLOSE

    assert flag(world) == flagged


def test_an_account_without_an_import_has_nothing_to_go_stale(world: World) -> None:
    world.link("b", broker="groww", imported=False)
    world.now = FRIDAY_CLOSE

    assert flag(world) == 1  # the other one
    assert world.connection("b").stale_since is None


def test_an_import_that_comes_in_between_wins(world: World) -> None:
    world.now = FRIDAY_CLOSE
    seen = world.connection("a")
    world.now += HOUR
    world.pull("a")

    assert not flag_one(world, seen)
    assert world.connection("a").stale_since is None


def test_an_account_that_was_unlinked_in_between_stays_so(world: World) -> None:
    world.now = FRIDAY_CLOSE
    seen = world.connection("a")
    world.end_ownership("a")

    assert not flag_one(world, seen)
    assert (world.connections.find("a"), flag(world)) == (None, 0)


def test_everybody_is_flagged_in_one_run_and_in_threads(world: World) -> None:
    world.now = THURSDAY_EVENING
    for number in range(60):
        world.link(f"other-{number}", broker="upstox")
    world.now = FRIDAY_CLOSE

    assert flag(world, threads=10) == 61


def test_a_store_that_fails_for_one_account_leaves_it_to_the_next_run(world: World) -> None:
    def failing(_operation: str, request: dict[str, Any]) -> None:
        if request.get("Key", {}).get("pk") == {"S": "ACCOUNT#a"}:
            raise EndpointConnectionError(endpoint_url="https://store.example")

    world.now = THURSDAY_EVENING
    world.link("b", broker="upstox")
    world.now = FRIDAY_CLOSE
    world.client.before_call = failing
    assert flag(world) == 1

    world.client.before_call = lambda _operation, _request: None
    assert flag(world) == 1


def test_what_there_is_no_time_for_waits_for_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.now = FRIDAY_CLOSE
    with monkeypatch.context() as patch:
        patch.setattr(module, "SECONDS", 0)
        assert flag(world) == 0
    assert flag(world) == 1
