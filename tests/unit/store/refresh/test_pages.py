"""How far a refresh has come: slots that are queued, and pages that are leased or done."""

from datetime import timedelta

import pytest

from gateway_backend.domain.refresh.page import LEASE, PageState, PageWork, RefreshPage
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from testing.builders import LATER, NOW
from testing.world import World

PAGE = RefreshPage(NOW, ("a", "b"))
OTHER = RefreshPage(NOW, ("c",))


@pytest.fixture
def world() -> World:
    return World(now=NOW)


def lease(world: World, before: PageWork = PageWork(), page: RefreshPage = PAGE) -> PageWork:  # noqa: B008 - immutable
    leased = before.lease(NOW)
    world.pages.save(page, before, leased, NOW)
    return leased


# Slots -----------------------------------------------------------------------------------------


def test_no_slot_is_queued_at_first(world: World) -> None:
    assert world.pages.planned(NOW) == 0


def test_the_slots_of_each_close_are_counted_apart(world: World) -> None:
    world.pages.plan(NOW, 0, 5, NOW)
    world.pages.plan(NOW, 5, 9, NOW)
    world.pages.plan(LATER, 0, 2, NOW)

    assert (world.pages.planned(NOW), world.pages.planned(LATER)) == (9, 2)


@pytest.mark.parametrize("planned", [0, 4])
def test_the_second_of_two_planners_is_refused(world: World, planned: int) -> None:
    world.pages.plan(NOW, 0, 5, NOW)

    with pytest.raises(ConcurrentUpdate):
        world.pages.plan(NOW, planned, 7, NOW)
    assert world.pages.planned(NOW) == 5


# Pages -----------------------------------------------------------------------------------------


def test_a_page_that_nobody_has_begun_is_free(world: World) -> None:
    assert world.pages.work_on(PAGE) == PageWork()


def test_a_leased_page_is_read_as_leased(world: World) -> None:
    leased = lease(world)

    assert world.pages.work_on(PAGE) == leased
    assert world.pages.work_on(OTHER) == PageWork()


def test_a_page_has_one_worker(world: World) -> None:
    lease(world)

    with pytest.raises(ConcurrentUpdate):
        lease(world)


def test_a_finished_page_stays_finished(world: World) -> None:
    leased = lease(world)
    world.pages.save(PAGE, leased, leased.finish(), NOW)

    assert world.pages.work_on(PAGE).state is PageState.DONE
    with pytest.raises(ConcurrentUpdate):
        world.pages.save(PAGE, leased, leased.finish(), NOW)


def test_a_released_page_is_free_again(world: World) -> None:
    leased = lease(world)
    world.pages.save(PAGE, leased, leased.release(), NOW)

    assert world.pages.work_on(PAGE) == PageWork()


def test_a_page_whose_lease_has_ended_is_another_workers(world: World) -> None:
    dead = lease(world)
    taken = dead.lease(NOW + LEASE)
    world.pages.save(PAGE, dead, taken, NOW + LEASE)

    with pytest.raises(ConcurrentUpdate):
        world.pages.save(PAGE, dead, dead.finish(), NOW + LEASE)
    assert world.pages.work_on(PAGE) == taken


def test_plans_and_pages_expire_after_two_weeks(world: World) -> None:
    world.pages.plan(NOW, 0, 5, NOW)
    lease(world)

    assert {int(item["expiresAt"]["N"]) for item in world.memory.items()} == {
        int((NOW + timedelta(days=14)).timestamp())
    }
