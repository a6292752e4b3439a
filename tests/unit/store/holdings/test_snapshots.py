"""Snapshots by date: a reader finds a whole one, and only what the connection points at counts."""

from copy import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.known_prices import StoredPortfolio
from gateway_backend.domain.holdings.snapshot import Snapshot
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import NotFound
from testing.builders import LATER, NOW, connection, snapshot
from testing.world import World

DAY = timedelta(days=1)
LINKED = connection(snapshot=None, linked_at=NOW - DAY)


@pytest.fixture
def world() -> World:
    world = World(now=NOW)
    world.connections.link(None, LINKED, NOW)
    return world


def store(world: World, taken: Snapshot) -> Connection:
    """Written, and pointed at."""
    before = world.connection(LINKED.id)
    after = before.replace_snapshot(taken, LATER, judged_beside=before, lapsed=False)
    world.snapshots.save(after, taken, LATER)
    return world.connections.save(before, after)


def portfolio(taken: Snapshot) -> StoredPortfolio:
    return StoredPortfolio(taken.text, taken.known_prices)


# Reading ---------------------------------------------------------------------------------------


def test_before_the_first_import_there_is_none(world: World) -> None:
    assert world.snapshots.owned_with_newest(LINKED.id, "user-1") == (LINKED, None)
    assert world.snapshots.newest(LINKED) is None


def test_the_newest_snapshot_is_read_as_gateway_sent_it(world: World) -> None:
    stored = store(world, snapshot(NOW, securities=3))

    assert world.snapshots.owned_with_newest(LINKED.id, "user-1") == (stored, portfolio(snapshot(NOW, securities=3)))
    assert world.snapshots.newest(stored) == portfolio(snapshot(NOW, securities=3))


def test_the_snapshot_of_another_users_account_is_not_found(world: World) -> None:
    store(world, snapshot(NOW))

    with pytest.raises(NotFound):
        world.snapshots.owned_with_newest(LINKED.id, "user-2")


def test_what_the_connection_does_not_point_at_does_not_count(world: World) -> None:
    stored = store(world, snapshot(NOW))
    later = snapshot(LATER, securities=5)
    ahead = stored.replace_snapshot(later, LATER, judged_beside=stored, lapsed=False)
    world.snapshots.save(ahead, later, LATER)  # the writer dies here

    assert world.snapshots.owned_with_newest(LINKED.id, "user-1") == (stored, portfolio(snapshot(NOW)))


def test_a_large_portfolio_is_read_whole(world: World) -> None:
    large = replace(snapshot(NOW), text="".join(f"{number * 7919 % 1_000_003:x}" for number in range(400_000)))

    stored = store(world, large)

    assert world.snapshots.newest(stored) == portfolio(large)


def test_prices_that_the_portfolio_lacks_are_read_digit_for_digit(world: World) -> None:
    lacking = replace(snapshot(NOW), known_prices={"INE160A01022/demat": Decimal("420.10")})

    stored = store(world, lacking)

    assert world.snapshots.newest(stored) == portfolio(lacking)


# History ---------------------------------------------------------------------------------------


def test_the_snapshot_of_a_moment_is_the_newest_before_it(world: World) -> None:
    for days in (0, 2, 4):
        store(world, snapshot(NOW - 5 * DAY + days * DAY, securities=1 + days))

    _, newest, before = world.snapshots.owned_with_history(LINKED.id, "user-1", NOW - 2 * DAY)

    assert newest == portfolio(snapshot(NOW - DAY, securities=5))
    assert before == (times.to_text(NOW - 3 * DAY), portfolio(snapshot(NOW - 3 * DAY, securities=3)))


def test_before_the_first_snapshot_the_oldest_counts(world: World) -> None:
    for days in (0, 2):
        store(world, snapshot(NOW - 5 * DAY + days * DAY, securities=1 + days))

    _, _, before = world.snapshots.owned_with_history(LINKED.id, "user-1", NOW - 9 * DAY)

    assert before == (times.to_text(NOW - 5 * DAY), portfolio(snapshot(NOW - 5 * DAY)))


# Erasing ---------------------------------------------------------------------------------------


def test_what_no_connection_came_to_point_at_is_taken_back(world: World) -> None:
    stored = store(world, snapshot(NOW))
    assert stored.snapshot is not None

    world.snapshots.delete(LINKED.id, stored.snapshot)

    assert world.snapshots.newest(stored) is None


def test_the_portfolios_of_an_account_that_is_not_linked_are_erased(world: World) -> None:
    first = store(world, snapshot(NOW))
    world.end_ownership(LINKED.id)

    assert world.snapshots.erase(LINKED.id) == 1
    assert world.snapshots.newest(first) is None


def test_the_portfolios_of_the_present_link_stay(world: World) -> None:
    store(world, snapshot(NOW))
    world.end_ownership(LINKED.id, LATER)
    world.now = LATER + DAY
    world.link(LINKED.id)
    kept = world.snapshots.dates(LINKED.id)[-1]

    assert world.snapshots.erase(LINKED.id) == 1
    assert world.snapshots.dates(LINKED.id) == [kept]
    assert world.stored_holdings(LINKED.id)
