"""The statement of a mutual fund import, for its user only."""

import json

import pytest

from gateway_backend.domain.shared.errors import NotFound, NothingImported
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.holdings.read_mutual_funds import read_mutual_funds
from testing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.begin_transaction("TRX_1", intent=Intent.MF_HOLDINGS_IMPORT)
    return world


def read(world: World, transaction_id: str = "TRX_1", user: str = "user-1") -> str:
    return read_mutual_funds(
        transaction_id, user=user, transactions=world.transactions, mutual_funds=world.mutual_funds
    )


def test_a_statement_is_served_digit_for_digit_with_when_it_came(world: World) -> None:
    world.mutual_funds.save_first(world.transaction("TRX_1"), '{"units":12.3450}', world.now)

    assert '"data":{"units":12.3450}' in read(world)
    assert json.loads(read(world))["transactionId"] == "TRX_1"
    assert json.loads(read(world))["receivedAt"].endswith("Z")


def test_before_the_webhook_comes_there_is_nothing(world: World) -> None:
    with pytest.raises(NothingImported, match="has not come yet"):
        read(world)


def test_after_an_end_without_a_statement_another_import_is_advised(world: World) -> None:
    found = world.transaction("TRX_1")
    world.transactions.save(found, found._replace(status=Status.CANCELLED))

    with pytest.raises(NothingImported, match="start another"):
        read(world)


def test_the_statement_of_another_user_is_not_found(world: World) -> None:
    world.mutual_funds.save_first(world.transaction("TRX_1"), "{}", world.now)

    with pytest.raises(NotFound):
        read(world, user="user-2")


def test_a_transaction_that_imports_no_statement_is_not_found(world: World) -> None:
    world.begin_transaction("TRX_2")

    with pytest.raises(NotFound):
        read(world, "TRX_2")
