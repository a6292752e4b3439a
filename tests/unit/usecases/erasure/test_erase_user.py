"""Everything of a user's is erased on request: at once what there is time for, the rest by itself."""

import pytest

from gateway_backend.domain.erasure.erasure import WORKERS_END_AFTER, ErasureState
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.usecases.erasure.erase_user import REPEATED_WITHIN
from testing.market_times import SECOND
from testing.user_traces import kinds_of, leave_traces
from testing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    leave_traces(world)
    return world


def test_every_account_is_unlinked_and_nothing_is_readable_any_more(world: World) -> None:
    erasure = world.erase()

    assert (erasure.state, erasure.account_id, erasure.requested_at) == (ErasureState.RUNNING, None, world.now)
    assert world.connections.all_of("user-1") == []
    assert world.transactions.list("user-1", after=None, limit=5) == ([], None)
    assert kinds_of(world, "mine", "SNAPSHOT", "batchId") == set()


def test_the_consent_is_recorded_as_withdrawn(world: World) -> None:
    world.erase()

    (consent,) = world.connections.consents_of("user-1")
    assert (consent.account_id, consent.withdrawn_at) == ("a", world.now)


def test_the_same_request_again_is_one_erasure(world: World) -> None:
    world.erase()
    world.now += REPEATED_WITHIN - SECOND
    world.erase()

    assert len(world.erasures.all_of("user-1")) == 1


def test_a_later_request_erases_what_has_come_since(world: World) -> None:
    world.erase()
    world.now += REPEATED_WITHIN + SECOND
    world.link("c")
    world.erase()

    assert world.connections.all_of("user-1") == []
    assert kinds_of(world, "SNAPSHOT") == set()


def test_a_request_after_one_that_is_finished_is_a_new_one(world: World) -> None:
    world.erase()
    world.now += WORKERS_END_AFTER
    world.finish_erasures()
    world.erase()

    assert [each.state for each in world.erasures.all_of("user-1")] == [ErasureState.FINISHED, ErasureState.RUNNING]


def test_a_user_of_whom_nothing_is_stored_gets_the_same_answer() -> None:
    assert World().erase().state is ErasureState.RUNNING


def test_what_the_table_does_not_take_now_is_erased_later(world: World) -> None:
    def away(operation: str, _request: object) -> None:
        if operation == "batch_write_item":
            raise StoreUnavailable

    world.client.before_call = away
    erasure = world.erase()
    world.client.before_call = None

    assert erasure.state is ErasureState.RUNNING
    world.finish_erasures()
    assert kinds_of(world, "mine", "SNAPSHOT", "batchId") == set()
