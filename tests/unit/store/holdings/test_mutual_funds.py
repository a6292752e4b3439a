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
    assert statement == ('{"units":12.3450}', LATER)


def test_the_same_statement_again_changes_nothing(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, "{}", NOW)

    assert world.mutual_funds.save_first(IMPORT, "{}", LATER)
    assert world.mutual_funds.find("TRX_1") == ("{}", NOW)


def test_another_statement_does_not_replace_the_first(world: World) -> None:
    world.mutual_funds.save_first(IMPORT, '{"first":1}', NOW)

    assert not world.mutual_funds.save_first(IMPORT, '{"second":2}', LATER)
    assert world.mutual_funds.find("TRX_1") == ('{"first":1}', NOW)


def test_a_statement_of_several_items_is_read_whole(world: World) -> None:
    text = "".join(f"{number * 7919 % 1_000_003:x}" for number in range(400_000))

    world.mutual_funds.save_first(IMPORT, text, NOW)

    assert len(world.memory.addresses("TXN#TRX_1")) > 1
    assert world.mutual_funds.find("TRX_1") == (text, NOW)
