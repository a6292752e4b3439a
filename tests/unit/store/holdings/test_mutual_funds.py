"""Of several statements of an import the first counts."""

import pytest

from testing.builders import LATER, NOW, transaction
from testing.world import World

IMPORT = transaction()


@pytest.fixture
def world() -> World:
    return World(now=NOW)


def test_there_is_no_statement_at_first(world: World) -> None:
    assert world.mutual_funds.find("TRX_1") is None


def test_a_statement_is_read_as_it_was_saved(world: World) -> None:
    assert world.mutual_funds.save_first(IMPORT, '{"units":12.3450}', LATER)

    statement = world.mutual_funds.find("TRX_1")
    assert statement is not None
    assert statement == ("TRX_1", '{"units":12.3450}', LATER)


def test_the_same_statement_again_changes_nothing(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, "{}", NOW)

    assert world.mutual_funds.save_first(IMPORT, "{}", LATER)
    assert world.mutual_funds.find("TRX_1") == ("TRX_1", "{}", NOW)


def test_another_statement_does_not_replace_the_first(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, '{"first":1}', NOW)

    assert not world.mutual_funds.save_first(IMPORT, '{"second":2}', LATER)
    assert world.mutual_funds.find("TRX_1") == ("TRX_1", '{"first":1}', NOW)


def test_a_statement_of_several_items_is_read_whole(world: World) -> None:
    text = "".join(f"{number * 7919 % 1_000_003:x}" for number in range(400_000))

    world.mutual_funds.save_first(IMPORT, text, NOW)

    assert len(world.memory.addresses("TXN#TRX_1")) > 1
    assert world.mutual_funds.find("TRX_1") == ("TRX_1", text, NOW)


def test_the_newest_statement_of_a_user_is_known_in_whatever_order_they_come(world: World) -> None:
    older, newer = transaction(id="TRX_1"), transaction(id="TRX_2")
    world.mutual_funds.save_first(newer, '{"newer":1}', LATER)
    world.mutual_funds.save_first(older, '{"older":1}', NOW)

    assert world.mutual_funds.newest(older.owner) == ("TRX_2", '{"newer":1}', LATER)
    assert world.mutual_funds.newest("user-2") is None


def test_a_statement_that_is_erased_is_the_newest_no_longer(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, "{}", NOW)
    world.mutual_funds.erase("TRX_1")

    assert world.mutual_funds.newest(IMPORT.owner) is None
    assert world.mutual_funds.forget_newest(IMPORT.owner, NOW) == 1
    assert world.mutual_funds.forget_newest(IMPORT.owner, NOW) == 0


def test_the_note_of_a_statement_that_came_after_the_request_stays(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, "{}", LATER)

    assert world.mutual_funds.forget_newest(IMPORT.owner, NOW) == 0
