"""Erasures in the table: due until they are finished, and kept for good."""

from datetime import timedelta

import pytest

from gateway_backend.domain.erasure.erasure import WORKERS_END_AFTER, Erasure, request_erasure
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from testing.builders import NOW
from testing.market_times import HOUR, MINUTE, SECOND
from testing.world import World

OF_ACCOUNT = request_erasure("user-1", "account-1", NOW)
OF_EVERYTHING = request_erasure("user-1", None, NOW + SECOND)


@pytest.fixture
def world() -> World:
    return World(now=NOW)


def finish(erasure: Erasure) -> Erasure:
    at = NOW + WORKERS_END_AFTER
    return erasure.begin_pass(at).end_pass(at)


@pytest.mark.parametrize(
    "erasure",
    [
        OF_ACCOUNT,
        OF_EVERYTHING,
        OF_ACCOUNT.begin_pass(NOW + SECOND).advance(3, "2026#TRX_1"),
        OF_EVERYTHING.begin_pass(NOW + SECOND).end_pass(NOW + MINUTE),
    ],
)
def test_an_erasure_is_read_as_it_was_added(world: World, erasure: Erasure) -> None:
    world.erasures.add(erasure)

    assert world.erasures.all_of("user-1") == [erasure]


def test_a_users_are_listed_the_oldest_first(world: World) -> None:
    for erasure in (OF_EVERYTHING, OF_ACCOUNT, request_erasure("user-2", None, NOW)):
        world.erasures.add(erasure)

    assert world.erasures.all_of("user-1") == [OF_ACCOUNT, OF_EVERYTHING]


def test_it_is_due_from_its_next_look_on(world: World) -> None:
    world.erasures.add(OF_ACCOUNT)
    world.erasures.save(OF_ACCOUNT, OF_ACCOUNT.begin_pass(NOW).end_pass(NOW))

    assert list(world.erasures.due(NOW + WORKERS_END_AFTER - SECOND)) == []
    assert [due.account_id for due in world.erasures.due(NOW + WORKERS_END_AFTER)] == ["account-1"]


def test_one_that_is_finished_stays_and_is_not_due(world: World) -> None:
    world.erasures.add(OF_ACCOUNT)
    finished = world.erasures.save(OF_ACCOUNT, finish(OF_ACCOUNT))

    assert world.erasures.all_of("user-1") == [finished]
    assert list(world.erasures.due(NOW + timedelta(days=9))) == []


def test_what_another_worker_has_stored_is_not_overwritten(world: World) -> None:
    world.erasures.add(OF_ACCOUNT)
    world.erasures.save(OF_ACCOUNT, OF_ACCOUNT.begin_pass(NOW).advance(1, "2026#TRX_1"))

    with pytest.raises(ConcurrentUpdate):
        world.erasures.save(OF_ACCOUNT, finish(OF_ACCOUNT))


def test_a_moment_after_the_last_withdrawal_is_later_than_every_clock(world: World) -> None:
    assert world.erasures.after_newest("user-1", NOW) == NOW
    world.erasures.add(OF_EVERYTHING)

    assert NOW + SECOND < world.erasures.after_newest("user-1", NOW) < NOW + 2 * SECOND
    assert world.erasures.after_newest("user-1", NOW + HOUR) == NOW + HOUR
