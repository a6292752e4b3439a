"""Begin an account opening: once per key, whatever happens to the request, and without the person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.connections.account_opening import AccountOpening, OpeningStatus
from gateway_backend.domain.shared.errors import IdempotencyKeyReused, RequestInProgress, StoreUnavailable
from gateway_backend.store.transactions.idempotency import LEASE
from testing.account_openings import NOW, PERSON, complete, start
from testing.fakes import STORE_DOWN, Crash
from testing.market_times import SECOND
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_opening_is_the_users_and_has_no_end(world: World) -> None:
    began = start(world).opening

    assert world.account_openings.owned(began.id, "user-1") == AccountOpening(began.id, "user-1", NOW)
    assert began.status is OpeningStatus.BEGAN


def test_a_repeat_after_the_end_gives_the_ended_opening(world: World) -> None:
    began = start(world).opening
    ended = complete(world, began, SdkResult())

    again = start(world, now=NOW + SECOND)

    assert again.replayed
    assert again.opening == ended


@pytest.mark.parametrize("other", [{**PERSON, "contact": "9876543211"}, {}, {"name": PERSON["name"]}])
def test_a_key_belongs_to_a_single_body(world: World, other: dict[str, str]) -> None:
    start(world)

    with pytest.raises(IdempotencyKeyReused):
        start(world, other)


def test_a_key_belongs_to_a_single_user(world: World) -> None:
    start(world)

    with pytest.raises(IdempotencyKeyReused):
        start(world, user="user-2")


def test_a_request_during_the_first_is_refused(world: World) -> None:
    refused: list[type[Exception]] = []

    def second() -> None:
        with pytest.raises(RequestInProgress) as error:
            start(world)
        refused.append(error.type)

    world.client.before_next(["transact_write_items"], second)
    start(world)

    assert refused == [RequestInProgress]
    assert len(world.account_openings.newest("user-1")) == 1


def die_with_the_key(world: World) -> None:
    """A request claims the key, and its worker dies before it writes the opening."""
    world.client.fail_on("transact_write_items", error=Crash())
    with pytest.raises(Crash):
        start(world)
    world.client.before_call = None


def test_the_key_of_a_request_that_died_is_held_during_its_lease(world: World) -> None:
    die_with_the_key(world)

    with pytest.raises(RequestInProgress):
        start(world, now=NOW + LEASE - SECOND)


def test_the_key_of_a_request_that_died_is_free_for_the_same_request(world: World) -> None:
    die_with_the_key(world)

    assert not start(world, now=NOW + LEASE + SECOND).replayed


@pytest.mark.parametrize(("user", "body"), [("user-2", PERSON), ("user-1", {})])
def test_the_key_of_a_request_that_died_is_refused_to_another(world: World, user: str, body: dict[str, Any]) -> None:
    die_with_the_key(world)

    with pytest.raises(IdempotencyKeyReused):
        start(world, body, user=user, now=NOW + LEASE + SECOND)


def test_a_failed_write_frees_the_key(world: World) -> None:
    world.client.fail_on("transact_write_items")
    with pytest.raises(StoreUnavailable):
        start(world)
    world.client.before_call = None

    assert not start(world).replayed
    assert len(world.account_openings.newest("user-1")) == 1


def test_a_write_whose_answer_was_lost_is_found_by_the_repeat(world: World) -> None:
    """The opening is there, and releasing the key must not lead to a second."""

    def write_and_fail(operation: str, request: dict[str, Any]) -> None:
        if operation == "transact_write_items":
            world.client.before_call = None
            world.memory.transact_write_items(**request)
            raise STORE_DOWN

    world.client.before_call = write_and_fail
    with pytest.raises(StoreUnavailable):
        start(world)

    assert start(world).replayed
    assert len(world.account_openings.newest("user-1")) == 1


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=60_000)), max_size=8))
def test_the_order_of_ids_is_the_order_of_times(later: list[timedelta]) -> None:
    world, moments = World(), [NOW + time for time in later]
    for at, moment in enumerate(moments):
        start(world, key=f"key-{at}", now=moment)

    listed = [opening.began_at for opening in world.account_openings.newest("user-1")]

    assert [_to_the_millisecond(moment) for moment in listed] == sorted(map(_to_the_millisecond, moments), reverse=True)


def _to_the_millisecond(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
