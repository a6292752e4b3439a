"""Start an order: a SELL that the newest snapshot does not cover is warned of, and not refused."""

import pytest

from gateway_backend.usecases.transactions.start import Started
from testing.transaction_starts import TICKERS, basket, creates, start
from testing.world import World

ORDER = basket(
    (TICKERS[0], 10, "SELL"),
    (TICKERS[1], 11, "SELL"),
    (TICKERS[5], 1, "SELL"),
    (TICKERS[4], 99, "BUY"),
    smallcaseAuthId="account-1",
)
NOT_HELD = basket((TICKERS[5], 1, "SELL"), smallcaseAuthId="account-1")


@pytest.fixture
def world() -> World:
    """account-1 holds ten shares each of the first four securities."""
    world = World()
    world.link("account-1", broker="groww")
    return world


def warnings(started: Started) -> list[tuple[str, str, int]]:
    return [(warning.ticker, warning.code, warning.transactable) for warning in started.warnings]


def test_selling_more_than_the_snapshot_covers_is_warned_of(world: World) -> None:
    assert warnings(start(world, ORDER)) == [
        (TICKERS[1], "MORE_THAN_TRANSACTABLE", 10),
        (TICKERS[5], "NOT_HELD", 0),
    ]


def test_a_warning_has_the_date_of_the_snapshot_and_a_text_with_the_ticker(world: World) -> None:
    started = start(world, ORDER)

    assert [warning.as_of for warning in started.warnings] == [world.connection("account-1").as_of] * 2
    assert all(warning.ticker in warning.text for warning in started.warnings)


def test_an_order_that_is_warned_of_is_not_refused(world: World) -> None:
    start(world, ORDER)

    assert creates(world) == 1


def test_a_sell_whose_quantity_is_left_to_the_user_needs_a_single_share(world: World) -> None:
    order = basket((TICKERS[0], None, "SELL"), (TICKERS[5], None, "SELL"), smallcaseAuthId="account-1")

    assert warnings(start(world, order)) == [(TICKERS[5], "NOT_HELD", 0)]


def test_a_repeat_gets_the_warnings_of_the_first(world: World) -> None:
    first, again = start(world, NOT_HELD), start(world, NOT_HELD)

    assert again.replayed
    assert again.warnings == first.warnings != []


def test_without_a_snapshot_nothing_is_warned_of() -> None:
    world = World()
    world.link("account-1", broker="groww", imported=False)

    assert start(world, basket((TICKERS[0], 10, "SELL"), smallcaseAuthId="account-1")).warnings == []


def test_a_guest_is_warned_of_nothing(world: World) -> None:
    assert start(world, basket((TICKERS[5], 10, "SELL"))).warnings == []
