"""After each close every long-lived account is queued, slot by slot, whatever happens to the planner."""

from datetime import timedelta
from itertools import count, islice
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from gateway_backend.domain.connections.connection import SLOTS, slot_of
from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.usecases.refresh import plan as module
from gateway_backend.usecases.refresh.page import refresh_page
from gateway_backend.usecases.refresh.plan import plan_refresh
from testing.contexts import CALENDAR, TIMES
from testing.fakes import Crash
from testing.market_times import FRIDAY_CLOSE, FRIDAY_WINDOW, MINUTE, MONDAY_WINDOW, SECOND, THURSDAY_EVENING
from testing.world import World

IDS = [f"account-{number:03}" for number in range(300)]
WINDOW_ENDS = FRIDAY_WINDOW + TIMES.spread
SECOND_ROUND = FRIDAY_WINDOW + timedelta(minutes=90)


@pytest.fixture
def world() -> World:
    """Three hundred accounts that live long and ten of another broker; the window opens."""
    world = World()
    world.now = THURSDAY_EVENING
    for account_id in IDS:
        world.link(account_id, imported=False)
    for number in range(10):
        world.link(f"other-{number}", broker="groww", imported=False)
    world.now = FRIDAY_WINDOW
    return world


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is noted as planned by itself."""
    monkeypatch.setattr(module, "PLANNED_TOGETHER", 20)


def plan(world: World) -> dict[str, int]:
    return plan_refresh(world.plan_context)


def queued(world: World) -> list[str]:
    return sorted(account_id for page in world.sqs.pages for account_id in page.account_ids)


def in_round(world: World, number: int) -> list[str]:
    return sorted(account_id for page in world.sqs.pages if page.round == number for account_id in page.account_ids)


def planned_by_tick(world: World) -> list[str]:
    """What is queued when the planner runs on every tick of the window."""
    while world.now <= WINDOW_ENDS:
        plan(world)
        world.now += 5 * MINUTE
    return queued(world)


def test_between_the_close_and_the_window_nothing_is_planned(world: World) -> None:
    world.now = FRIDAY_WINDOW - SECOND

    assert plan(world)["slotsPlanned"] == 0
    assert queued(world) == []


def test_until_the_next_close_there_is_time_to_make_up_for_the_last(world: World) -> None:
    world.now = FRIDAY_CLOSE - SECOND
    plan(world)

    assert in_round(world, 0) == in_round(world, 1) == IDS
    assert {page.close for page in world.sqs.pages} == {FRIDAY_CLOSE - timedelta(days=1)}


def test_over_the_window_each_account_is_queued_once(world: World) -> None:
    assert planned_by_tick(world) == IDS
    assert {(page.close, page.round, page.attempt) for page in world.sqs.pages} == {(FRIDAY_CLOSE, 0, 0)}
    assert {delay for _, delay in world.sqs.sent} == {0}


def test_an_account_is_queued_when_its_slot_begins_and_not_before(world: World) -> None:
    world.now = FRIDAY_WINDOW + TIMES.spread / 2
    plan(world)

    assert queued(world) == [account_id for account_id in IDS if slot_of(account_id) <= SLOTS // 2]


def test_a_tick_that_comes_twice_queues_nothing_again(world: World) -> None:
    world.now = WINDOW_ENDS
    first = plan(world)

    assert (first["slotsPlanned"], first["accountsPlanned"]) == (SLOTS, len(IDS))
    assert plan(world) == first | {"slotsPlanned": 0, "pagesPlanned": 0, "accountsPlanned": 0}
    assert queued(world) == IDS


@pytest.mark.parametrize(("late", "rounds"), [(timedelta(hours=1), 1), (timedelta(days=2, hours=23), 2)])
def test_a_tick_that_comes_late_queues_what_was_missed(world: World, late: timedelta, rounds: int) -> None:
    plan(world)
    world.now = FRIDAY_WINDOW + late
    plan(world)

    assert queued(world) == sorted(IDS * rounds)


def test_after_an_hour_and_a_half_every_account_is_queued_once_more(world: World) -> None:
    planned_by_tick(world)
    first = world.sqs.pages
    world.sqs.sent.clear()

    world.now = SECOND_ROUND - SECOND
    plan(world)
    assert world.sqs.sent == []

    world.now = SECOND_ROUND + TIMES.spread
    assert plan(world)["accountsPlanned"] == len(IDS)
    assert in_round(world, 1) == IDS
    assert not {page.id for page in world.sqs.pages} & {page.id for page in first}


def test_what_fell_through_is_refreshed_in_the_second_round(world: World) -> None:
    """The message of one page is gone for good; of another page one account was broken, and tried in vain."""
    world.now = THURSDAY_EVENING
    by_slot = sorted(IDS, key=lambda account_id: (slot_of(account_id), account_id))
    lost, broken, fine = by_slot[0], by_slot[150], by_slot[151]
    for account_id in (lost, broken, fine):
        world.pull(account_id)

    def bug(_operation: str, request: dict[str, Any]) -> None:
        if request.get("Key", {}).get("pk") == {"S": f"ACCOUNT#{broken}"}:
            raise KeyError

    world.now = WINDOW_ENDS
    plan(world)
    world.client.before_call = bug
    for page in world.sqs.pages[1:]:
        refresh_page(page, world.refresh_context)
    world.client.before_call = lambda _operation, _request: None
    world.sqs.sent.clear()
    assert [world.connection(account_id).as_of for account_id in (lost, broken)] == [THURSDAY_EVENING] * 2
    world.gateway.calls.clear()

    world.now = SECOND_ROUND + TIMES.spread
    plan(world)
    for page in world.sqs.pages:
        refresh_page(page, world.refresh_context)

    assert [world.connection(account_id).as_of for account_id in (lost, broken)] == [world.now] * 2
    assert world.calls_for(fine) == 0


def test_how_far_the_plan_has_come_is_known_over_all_holidays(world: World) -> None:
    """Else every account would be queued again, and again, until the exchange opens."""
    world.now = SECOND_ROUND + TIMES.spread
    plan(world)
    world.sqs.sent.clear()

    world.client.expire(now=(world.now + timedelta(days=5)).timestamp())

    assert plan(world)["slotsPlanned"] == 0
    assert world.sqs.sent == []


def test_slots_of_one_tick_fill_pages_together(world: World) -> None:
    world.now = WINDOW_ENDS
    plan(world)

    assert [len(page.account_ids) for page in world.sqs.pages] == [100, 100, 100]


def test_no_page_is_of_two_rounds(world: World) -> None:
    world.link("one-more", imported=False)
    world.now = SECOND_ROUND + TIMES.spread
    plan(world)

    assert [(page.round, len(page.account_ids)) for page in world.sqs.pages] == [
        (number, size) for number in (0, 1) for size in (100, 100, 100, 1)
    ]


def test_the_next_close_begins_anew(world: World) -> None:
    planned_by_tick(world)
    world.sqs.sent.clear()

    world.now = MONDAY_WINDOW + TIMES.spread
    plan(world)

    assert queued(world) == IDS
    assert {page.close for page in world.sqs.pages} == {FRIDAY_CLOSE + timedelta(days=3)}


def test_a_full_slot_is_queued_in_pages(world: World) -> None:
    crowd = list(islice((name for name in map(str, count()) if slot_of(name) == 0), 250))
    for account_id in crowd:
        world.link(account_id, imported=False)

    counted = plan(world)

    neighbours = [account_id for account_id in IDS if slot_of(account_id) == 0]
    assert queued(world) == sorted(crowd + neighbours)
    assert [len(page.account_ids) for page in world.sqs.pages] == [100, 100, 50 + len(neighbours)]
    assert counted["pagesPlanned"] == 3


# Trouble ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_together")
def test_two_planners_at_once_lose_nobody_and_what_comes_twice_is_the_same_page(world: World) -> None:
    world.now = WINDOW_ENDS
    world.sqs.after_send = lambda: plan(world)
    plan(world)

    assert sorted(set(queued(world))) == IDS
    ids = [page.id for page in world.sqs.pages]
    assert len(ids) - len(set(ids)) == 1  # what the first planner had under way


@pytest.mark.usefixtures("few_together")
@pytest.mark.parametrize("takes", [0, 1, 7])
def test_a_queue_that_refuses_half_way_is_offered_the_rest_at_the_next_tick(world: World, takes: int) -> None:
    world.now = WINDOW_ENDS
    world.sqs.capacity = takes
    assert plan(world)["accountsPlanned"] < len(IDS)

    world.sqs.capacity = 1_000_000
    plan(world)
    assert queued(world) == IDS


def test_what_was_queued_of_a_refused_rest_comes_twice_as_the_same_page(world: World) -> None:
    world.now = WINDOW_ENDS
    world.sqs.capacity = 2
    assert plan(world)["accountsPlanned"] == 0

    world.sqs.capacity = 1_000_000
    plan(world)
    assert sorted(set(queued(world))) == IDS
    assert len({page.id for page in world.sqs.pages}) == len(world.sqs.pages) - 2 == 3


@pytest.mark.usefixtures("few_together")
def test_a_crash_after_queueing_queues_that_slot_twice_at_worst(world: World) -> None:
    def crash() -> None:
        raise Crash

    world.now = WINDOW_ENDS
    world.sqs.after_send = crash
    with pytest.raises(Crash):
        plan(world)
    plan(world)

    assert sorted(set(queued(world))) == IDS
    assert world.sqs.pages[0].id == world.sqs.pages[1].id


@pytest.mark.usefixtures("few_together")
def test_a_store_that_fails_half_way_costs_nothing_but_time(world: World) -> None:
    def failing(operation: str, _request: object) -> None:
        if operation == "update_item" and len(world.sqs.sent) > 5:
            raise EndpointConnectionError(endpoint_url="https://store.example")

    world.now = WINDOW_ENDS
    world.client.before_call = failing
    with pytest.raises(StoreUnavailable):
        plan(world)

    world.client.before_call = lambda _operation, _request: None
    plan(world)
    assert sorted(set(queued(world))) == IDS
    assert len(world.sqs.pages) - len({page.id for page in world.sqs.pages}) == 1


def test_what_there_is_no_time_for_is_left_to_the_next_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.now = WINDOW_ENDS
    with monkeypatch.context() as patch:
        patch.setattr(module, "SECONDS", 0)
        assert plan(world)["slotsPlanned"] == 0
    plan(world)

    assert queued(world) == IDS


def test_how_long_the_calendar_lasts_is_counted_at_every_run(world: World) -> None:
    assert plan(world)["calendarDaysLeft"] == (CALENDAR.covers_until - FRIDAY_WINDOW.date()).days


def test_an_acknowledged_end_of_the_calendar_is_not_counted(world: World) -> None:
    calendar = nse_calendar("", NONE.acknowledge(FRIDAY_WINDOW.date()))

    assert "calendarDaysLeft" not in plan_refresh(world.plan_context._replace(calendar=calendar))
