"""A pull during which the account changes: unlinked, linked again, or imported by another worker."""

import pytest

from gateway_backend.domain.shared.errors import NotFound
from testing.market_times import FRIDAY_NOON, SECOND
from testing.world import World

FOUR = dict.fromkeys(range(4), 10)


@pytest.fixture
def world() -> World:
    """An account with four securities, imported on Thursday evening; now it is Friday noon."""
    world = World()
    world.link("a")
    world.now = FRIDAY_NOON
    world.gateway.calls.clear()
    return world


def link_again(world: World) -> None:
    world.now += SECOND
    transaction = world.begin_transaction("TRX_again")
    world.now += SECOND
    world.link_with(transaction, "a", "kite")


def test_an_account_unlinked_during_the_pull_leaves_no_snapshot(world: World) -> None:
    world.set_holdings("a", *range(9))
    world.gateway.before_reply = lambda: world.unlink("a")

    with pytest.raises(NotFound):
        world.pull("a")

    assert world.connections.find("a") is None
    assert world.connections._table.query("ACCOUNT#a", prefix="SNAPSHOT#") == []


@pytest.mark.parametrize("securities", [[0, 1, 2, 3], [0, 1, 2]], ids=["unchanged", "changed"])
def test_an_account_unlinked_and_linked_again_during_the_pull_can_be_read(world: World, securities: list[int]) -> None:
    def meanwhile() -> None:
        world.unlink("a")
        link_again(world)

    world.set_holdings("a", *securities)
    world.gateway.before_reply = meanwhile
    world.pull("a")

    assert world.stored_holdings("a") == dict.fromkeys(securities, 10)


def test_an_account_imported_again_during_the_pull_keeps_its_new_snapshot(world: World) -> None:
    """The same portfolio of an earlier date: the pull must not point back at what the unlinking has erased."""

    def meanwhile() -> None:
        world.unlink("a")
        link_again(world)
        world.pull("a")

    world.fail_next("a", "", "late")
    world.gateway.before_reply = meanwhile
    world.pull("a")

    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, FRIDAY_NOON)


def test_a_slow_erasure_leaves_the_snapshot_of_a_new_linking(world: World) -> None:
    erased_at = world.now

    def meanwhile() -> None:
        world.end_ownership("a", erased_at)
        link_again(world)

    world.gateway.before_reply = meanwhile
    world.pull("a")
    world.snapshots.erase("a")

    assert world.stored_holdings("a") == FOUR


# Another worker --------------------------------------------------------------------------------


def pull_overtaken_by_a_whole_portfolio(world: World) -> None:
    """While Gateway's answer is on its way, another pull, begun a second earlier, is stored."""

    def other() -> None:
        world.now -= SECOND
        world.pull("a")
        world.now += SECOND

    world.gateway.before_reply = other
    world.pull("a")


def test_half_a_portfolio_does_not_replace_the_whole_that_overtook_it() -> None:
    """It was compared with what there was before: next to that, nothing is missing."""
    world = World()
    world.link("a", securities=1)
    world.now = FRIDAY_NOON
    world.set_holdings("a", *range(8))
    world.fail_next("a", "half")
    pull_overtaken_by_a_whole_portfolio(world)

    assert world.stored_holdings("a") == dict.fromkeys(range(8), 10)


def test_half_of_a_first_portfolio_does_not_replace_the_whole_that_overtook_it() -> None:
    world = World()
    world.link("a", securities=8, imported=False)
    world.now = FRIDAY_NOON
    world.fail_next("a", "half")
    pull_overtaken_by_a_whole_portfolio(world)

    assert world.stored_holdings("a") == dict.fromkeys(range(8), 10)
