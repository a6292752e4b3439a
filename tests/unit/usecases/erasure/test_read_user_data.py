"""What is stored of a user is counted, and their consents and erasures are listed."""

import pytest

from gateway_backend.domain.erasure.user_data import UserData
from gateway_backend.usecases.erasure.read_user_data import read_user_data
from testing.market_times import MINUTE
from testing.user_traces import leave_traces
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


def read(world: World, user: str = "user-1") -> UserData:
    return read_user_data(user, world.user_data_context)


def test_of_a_stranger_nothing_is_stored(world: World) -> None:
    leave_traces(world)

    assert read(world, "user-2") == UserData([], [], 0, 0, [], [])


def test_everything_is_counted(world: World) -> None:
    leave_traces(world)

    data = read(world)

    (account,) = data.accounts
    assert (account.connection.id, len(account.snapshot_dates), account.webhooks) == ("a", 2, 2)
    assert len(data.transactions) == 4
    assert (data.orders, data.mutual_fund_statements, data.account_openings) == (1, 1, 1)


def test_a_consent_that_was_withdrawn_is_listed_with_its_erasure(world: World) -> None:
    linked_at = world.link("a").linked_at
    world.now += MINUTE
    world.unlink("a")

    data = read(world)

    assert data.accounts == []
    (consent,) = data.withdrawn
    assert (consent.account_id, consent.given_at, consent.withdrawn_at) == ("a", linked_at, world.now)
    (erasure,) = data.erasures
    assert (erasure.account_id, erasure.requested_at) == ("a", world.now)
