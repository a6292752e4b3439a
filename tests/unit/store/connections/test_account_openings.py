"""Account openings in the table: the newest first, an end that stays, and nothing of the person."""

import pytest

from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.report import Failure
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put
from testing.account_openings import NOW, complete, start
from testing.market_times import SECOND
from testing.world import World

OPENING = AccountOpening("OPN_1", "user-1", NOW)


@pytest.fixture
def world() -> World:
    return World()


def test_an_opening_is_read_as_it_was_added(world: World) -> None:
    world.account_openings.add(OPENING)

    assert world.account_openings.owned("OPN_1", "user-1") == OPENING


def test_an_opening_of_an_existing_id_is_refused(world: World) -> None:
    world.account_openings.add(OPENING)

    with pytest.raises(ConditionFailed):
        world.account_openings.add(OPENING)


def test_an_opening_is_added_only_together_with_its_other_writes(world: World) -> None:
    with pytest.raises(ConditionFailed):
        world.account_openings.add(OPENING, Put({"pk": "A", "sk": "B"}, "attribute_exists(#pk)"))

    assert world.account_openings.newest("user-1") == []


@pytest.mark.parametrize(("opening_id", "owner"), [("OPN_2", "user-1"), ("OPN_1", "user-2")])
def test_an_unknown_opening_or_of_another_user_is_not_found(world: World, opening_id: str, owner: str) -> None:
    world.account_openings.add(OPENING)

    with pytest.raises(NotFound):
        world.account_openings.owned(opening_id, owner)


@pytest.mark.parametrize("code", [None, 0, 1010])
def test_an_end_is_read_as_it_was_stored(world: World, code: int | None) -> None:
    world.account_openings.add(OPENING)
    ended = world.account_openings.end(OPENING.ended(NOW + SECOND, code))

    assert ended == OPENING.ended(NOW + SECOND, code)
    assert world.account_openings.owned("OPN_1", "user-1") == ended


def test_an_end_that_is_stored_stays(world: World) -> None:
    world.account_openings.add(OPENING)
    first = world.account_openings.end(OPENING.ended(NOW, 1010))

    assert world.account_openings.end(OPENING.ended(NOW + SECOND, None)) == first


def test_the_end_of_an_unknown_opening_is_not_stored(world: World) -> None:
    with pytest.raises(NotFound):
        world.account_openings.end(AccountOpening("OPN_unknown", "user-1", NOW).ended(NOW, None))
    assert world.account_openings.newest("user-1") == []


def test_the_newest_fifty_are_listed_newest_first(world: World) -> None:
    began = [start(world, key=f"key-{at}", now=NOW + at * SECOND).opening for at in range(53)]

    assert world.account_openings.newest("user-1") == began[:2:-1]


def test_an_item_has_times_status_and_code_only(world: World) -> None:
    complete(world, start(world).opening, SdkResult(failure=Failure(1010, "user_cancelled")))

    (item,) = [item for item in world.memory.items() if item["pk"] == {"S": "USER#user-1"}]
    assert {*item} == {"pk", "sk", "status", "beganAt", "endedAt", "code", "idempotencyKey"}
