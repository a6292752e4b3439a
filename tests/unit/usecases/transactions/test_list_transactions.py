"""List a user's transactions: newest first, page by page, as they are stored."""

from typing import Any

import pytest

from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.transactions.list_transactions import list_transactions
from testing.market_times import SECOND
from testing.world import World


@pytest.fixture
def world() -> World:
    """user-1 has begun TRX_0 to TRX_4, one a second, and user-2 has begun OTHER."""
    world = World()
    for number in range(5):
        world.begin_transaction(f"TRX_{number}")
        world.now += SECOND
    world.begin_transaction("OTHER", user="user-2")
    return world


def page(world: World, after: dict[str, Any] | None = None, limit: int = 2) -> tuple[list[str], dict[str, Any] | None]:
    found, following = list_transactions(user="user-1", after=after, limit=limit, transactions=world.transactions)
    return [transaction.id for transaction in found], following


def test_the_transactions_of_the_user_are_listed_newest_first(world: World) -> None:
    assert page(world, limit=50) == (["TRX_4", "TRX_3", "TRX_2", "TRX_1", "TRX_0"], None)


def test_each_page_continues_after_the_last(world: World) -> None:
    first, following = page(world)
    second, following = page(world, following)
    third, following = page(world, following)

    assert (first, second, third) == (["TRX_4", "TRX_3"], ["TRX_2", "TRX_1"], ["TRX_0"])
    assert following is None


def test_a_transaction_that_begins_between_two_pages_moves_no_other(world: World) -> None:
    _, following = page(world)
    world.begin_transaction("TRX_5")

    assert page(world, following)[0] == ["TRX_2", "TRX_1"]


def test_a_user_without_transactions_has_an_empty_list() -> None:
    assert page(World()) == ([], None)


def test_gateway_is_not_asked_about_listed_transactions(world: World) -> None:
    world.gateway.transactions["TRX_0"] = {"status": Status.CANCELLED}
    listed, _ = list_transactions(user="user-1", after=None, limit=50, transactions=world.transactions)

    assert {transaction.status for transaction in listed} == {Status.INITIALIZED}
    assert world.gateway.calls == []
