"""An empty or much smaller portfolio needs a later pull; a row that cannot be read hides no holding."""

import json
from datetime import timedelta

import pytest

from gateway_backend.domain.connections.connection import CONFIRMED_AFTER
from gateway_backend.domain.holdings.snapshot import Complete, Incomplete, ProvenEmpty, PullOutcome
from gateway_backend.domain.shared.errors import (
    GatewayUnavailable,
)
from testing.market_times import FRIDAY_NOON, SECOND, THURSDAY_EVENING
from testing.portfolios import FIXTURES
from testing.world import World

FOUR = dict.fromkeys(range(4), 10)


@pytest.fixture
def world() -> World:
    """One account with four securities, imported on Thursday evening; now it is Friday noon."""
    world = World()
    world.link("a")
    world.now = FRIDAY_NOON
    world.gateway.calls.clear()
    return world


def confirm(world: World, after: timedelta = CONFIRMED_AFTER) -> PullOutcome:
    """A later pull."""
    world.now += after
    return world.pull("a")


def test_an_empty_account_is_stored_after_a_later_pull(world: World) -> None:
    world.set_holdings("a")

    assert world.pull("a").reason == "SHRINKING_NOT_CONFIRMED"  # type: ignore[union-attr]
    assert world.stored_holdings("a") == FOUR
    assert isinstance(confirm(world), ProvenEmpty)

    assert (world.stored_holdings("a"), world.connection("a").doubt) == ({}, None)
    assert world.calls_for("a") == 2


def test_a_second_answer_within_moments_confirms_nothing(world: World) -> None:
    world.set_holdings("a")
    world.pull("a")

    assert isinstance(confirm(world, CONFIRMED_AFTER - SECOND), Incomplete)
    assert isinstance(confirm(world, SECOND), ProvenEmpty)


def test_an_account_that_stays_empty_needs_no_confirmation(world: World) -> None:
    world.set_holdings("a")
    world.pull("a")
    confirm(world)

    assert isinstance(world.pull("a"), ProvenEmpty)


@pytest.mark.parametrize("fault", ["empty", "half"])
def test_a_shrinking_that_no_later_pull_confirms_is_not_stored(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert isinstance(world.pull("a"), Incomplete)
    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, THURSDAY_EVENING)
    assert world.connection("a").last_failure == "SHRINKING_NOT_CONFIRMED"

    assert isinstance(confirm(world), Complete)
    assert (world.stored_holdings("a"), world.connection("a").doubt) == (FOUR, None)


def test_a_whole_answer_in_between_ends_the_doubt(world: World) -> None:
    world.fail_next("a", "empty", "", "empty")
    world.pull("a")
    confirm(world)

    assert isinstance(confirm(world), Incomplete)
    assert world.stored_holdings("a") == FOUR


@pytest.mark.parametrize("second", ["500", "timeout", "truncated"])
def test_a_later_pull_that_fails_confirms_nothing(world: World, second: str) -> None:
    world.fail_next("a", "empty", second)
    world.pull("a")

    with pytest.raises(GatewayUnavailable):
        confirm(world)
    assert world.stored_holdings("a") == FOUR


def test_an_empty_answer_of_the_old_date_is_never_stored(world: World) -> None:
    world.fail_next("a", *["empty, old date"] * 2)

    assert world.pull("a") == Incomplete("EMPTY_NOT_NEWER")
    assert (world.stored_holdings("a"), world.calls_for("a")) == (FOUR, 1)


@pytest.mark.parametrize(
    ("now_held", "is_doubted"),
    [
        ([0, 1, 2], False),  # one of four sold
        ([0, 1], True),  # half of them
        ([0, 1, 10, 11, 12, 13], True),  # half of them, and more bought than sold
        ([0, 1, 2, 10], False),
    ],
)
def test_a_portfolio_that_lacks_half_of_the_last_needs_a_later_pull(
    world: World, now_held: list[int], is_doubted: bool
) -> None:
    world.set_holdings("a", *now_held)

    assert isinstance(world.pull("a"), Incomplete) is is_doubted
    confirm(world)

    assert world.stored_holdings("a") == dict.fromkeys(now_held, 10)


def test_a_later_pull_confirms_it_whatever_binary_noise_its_quantities_have(world: World) -> None:
    world.set_holdings("a", 0, 1, quantity=0.1 + 0.2)
    assert isinstance(world.pull("a"), Incomplete)
    world.set_holdings("a", 0, 1, quantity=0.3)
    confirm(world)

    assert world.stored_holdings("a") == dict.fromkeys([0, 1], 0.3)


def test_rows_of_nothing_but_zeros_are_an_empty_portfolio(world: World) -> None:
    world.set_holdings("a", *range(4), quantity=0)

    assert isinstance(world.pull("a"), Incomplete)
    assert world.stored_holdings("a") == FOUR


def test_a_first_portfolio_that_is_empty_needs_a_later_pull() -> None:
    world = World()
    world.link("a", securities=0)

    assert world.stored_holdings("a") is None
    assert isinstance(confirm(world), ProvenEmpty)
    assert world.stored_holdings("a") == {}


# Rows that cannot be read ----------------------------------------------------------------------

CASE = (FIXTURES / "import-one-null-row.json").read_text()


def null_row(name: str = "INFY", *, only: bool = False) -> str:
    """Members of the data object: TCS, which can be read, and a row whose quantity is null."""
    securities = json.loads(CASE)["portfolio"]["securities"]
    rows = [row for row in securities if not only or row["name"] == name]
    return json.dumps({"securities": rows})[1:-1]


def readable_rows() -> str:
    return null_row().replace('"quantity": null', '"quantity": 7')


def test_a_first_import_keeps_a_row_that_cannot_be_read() -> None:
    world = World()
    world.link("a", imported=False)
    world.gateway.accounts["a"].data = null_row()

    outcome = world.pull("a")

    assert isinstance(outcome, Complete)
    assert [row.name for row in outcome.snapshot.portfolio.unreadable] == ["INFY"]


def test_a_held_security_that_becomes_unreadable_leaves_the_last_snapshot(world: World) -> None:
    world.gateway.accounts["a"].data = readable_rows()
    world.pull("a")
    confirm(world)
    before = world.connection("a").snapshot
    world.gateway.accounts["a"].data = null_row()

    assert confirm(world) == Incomplete("ROWS_UNREADABLE")
    assert (world.connection("a").snapshot, world.connection("a").last_failure) == (before, "ROWS_UNREADABLE")


def test_a_row_that_was_unreadable_before_hides_nothing(world: World) -> None:
    world.gateway.accounts["a"].data = null_row()
    world.pull("a")
    confirm(world)
    world.gateway.accounts["a"].data = null_row().replace('"quantity": 10', '"quantity": 11')

    assert isinstance(confirm(world), Complete)


def test_a_row_without_any_name_hides_what_is_missing(world: World) -> None:
    world.gateway.accounts["a"].data = readable_rows()
    world.pull("a")
    confirm(world)
    rows = [*json.loads(CASE)["portfolio"]["securities"][:1], None]
    world.gateway.accounts["a"].data = json.dumps({"securities": rows})[1:-1]

    assert confirm(world) == Incomplete("ROWS_UNREADABLE")
