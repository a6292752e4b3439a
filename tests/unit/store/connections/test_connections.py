"""One owner of an account, and writes that hold only while the connection is as it was read."""

from copy import replace

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.shared.errors import ConcurrentUpdate, ConnectionWithdrawn, NotFound, StoreUnavailable
from testing.builders import LATER, NOW, connection
from testing.market_times import MINUTE
from testing.world import World

LINKED = connection(snapshot=None)


@pytest.fixture
def world() -> World:
    world = World(now=NOW)
    world.connections.link(None, LINKED, NOW)
    return world


def traded(found: Connection) -> Connection:
    return replace(found, traded_at=LATER)


# Reading ---------------------------------------------------------------------------------------


def test_a_connection_is_read_as_it_was_linked(world: World) -> None:
    assert world.connections.find(LINKED.id) == LINKED
    assert world.connections.ids_of("user-1") == [LINKED.id]


def test_an_account_that_is_not_linked_is_not_found(world: World) -> None:
    assert world.connections.find("another") is None
    with pytest.raises(NotFound):
        world.connections.owned("another", "user-1")


def test_the_account_of_another_user_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.connections.owned(LINKED.id, "user-2")
    assert world.connections.all_of("user-2") == []


def test_a_users_connections_are_listed_the_longest_linked_first(world: World) -> None:
    for number, minutes in ((2, -5), (3, 5)):
        world.connections.link(None, replace(LINKED, id=f"account-{number}", linked_at=NOW + minutes * MINUTE), NOW)

    assert [found.id for found in world.connections.all_of("user-1")] == ["account-2", "account-1", "account-3"]


# Writing ---------------------------------------------------------------------------------------


def test_a_change_is_stored_and_counted(world: World) -> None:
    stored = world.connections.save(LINKED, traded(LINKED))

    assert world.connections.find(LINKED.id) == stored == replace(traded(LINKED), item_version=1)


def test_the_second_of_two_changes_of_one_reading_is_refused(world: World) -> None:
    world.connections.save(LINKED, traded(LINKED))

    with pytest.raises(ConcurrentUpdate):
        world.connections.save(LINKED, replace(LINKED, stale_since=LATER))


def test_an_update_is_decided_anew_on_what_another_worker_has_stored(world: World) -> None:
    world.connections.save(LINKED, replace(LINKED, stale_since=LATER))

    updated = world.connections.update(LINKED, traded)

    assert updated == world.connections.find(LINKED.id)
    assert updated is not None
    assert (updated.stale_since, updated.traded_at) == (LATER, LATER)


def test_an_update_that_changes_nothing_writes_nothing(world: World) -> None:
    before = world.memory.write_units

    assert world.connections.update(LINKED, lambda found: found) == LINKED
    assert world.memory.write_units == before


def test_an_update_of_what_was_unlinked_gives_none(world: World) -> None:
    world.connections.unlink(LINKED.unlink(NOW))

    assert world.connections.update(LINKED, traded) is None


def test_an_account_that_changes_all_the_time_is_given_up(world: World) -> None:
    counts = iter(range(100))

    def overtaken(found: Connection) -> Connection:
        current = world.connection(LINKED.id)
        world.connections.save(current, replace(current, last_failure=f"{next(counts)}"))
        return traded(found)

    with pytest.raises(StoreUnavailable, match="several requests"):
        world.connections.update(LINKED, overtaken)


def test_a_write_for_an_earlier_link_does_not_change_a_later_link(world: World) -> None:
    world.connections.unlink(LINKED.unlink(NOW))
    again = replace(LINKED, linked_at=LATER)
    world.connections.link(None, again, LATER)

    with pytest.raises(ConcurrentUpdate):
        world.connections.save(LINKED, traded(LINKED))
    assert world.connections.find(LINKED.id) == again


# Linking and unlinking -------------------------------------------------------------------------


def test_an_account_is_linked_once(world: World) -> None:
    with pytest.raises(ConcurrentUpdate):
        world.connections.link(None, replace(LINKED, owner="user-2"), NOW)
    assert world.connection(LINKED.id).owner == "user-1"


def test_unlinking_leaves_the_record_of_the_consent(world: World) -> None:
    world.connections.unlink(LINKED.unlink(LATER))

    assert world.connections.find(LINKED.id) is None
    assert world.connections.ids_of("user-1") == []
    (consent,) = [item for item in world.memory.items() if item["sk"]["S"].startswith("CONSENT#")]
    assert (consent["broker"], consent["transactionId"]) == ({"S": "kite"}, {"S": "TRX_1"})


def test_what_is_not_linked_is_not_unlinked(world: World) -> None:
    world.connections.unlink(LINKED.unlink(LATER))

    with pytest.raises(NotFound):
        world.connections.unlink(LINKED.unlink(LATER))


def test_a_transaction_from_before_the_unlinking_links_nothing(world: World) -> None:
    world.connections.unlink(LINKED.unlink(LATER))

    with pytest.raises(ConnectionWithdrawn):
        world.connections.link(None, LINKED, NOW)
    world.connections.link(None, LINKED, LATER + MINUTE)


def test_who_unlinked_an_account_last_is_remembered(world: World) -> None:
    assert world.connections.unlinked_at(LINKED.id, "user-1") is None

    world.connections.unlink(LINKED.unlink(LATER))

    assert world.connections.unlinked_at(LINKED.id, "user-1") == LATER
    assert world.connections.unlinked_at(LINKED.id, "user-2") is None
