"""A day that the operator adds reaches warm workers in minutes; an outage of the table takes nothing from them."""

from datetime import date

import pytest

from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.store.market.announcements import AnnouncementStore
from gateway_backend.usecases.market.current_calendar import KEPT_FOR, CurrentCalendar
from testing.contexts import Contexts

DAY = date(2027, 3, 10)


@pytest.fixture
def world() -> Contexts:
    return Contexts()


def calendar_of(world: Contexts, overrides: str = "") -> CurrentCalendar:
    return CurrentCalendar(AnnouncementStore(world.table), overrides, world.clock)


def add(world: Contexts, day: date, rule: str) -> None:
    store = AnnouncementStore(world.table)
    store.save(store.find(), store.find().add(day, rule))


def test_a_day_that_was_added_counts(world: Contexts) -> None:
    add(world, DAY, "closed")

    assert not calendar_of(world).read().is_trading_day(DAY)


def test_a_day_that_was_added_goes_before_the_stacks_parameter(world: Contexts) -> None:
    add(world, DAY, "open 18:00-19:00")

    assert calendar_of(world, "2027-03-10=closed, 2027-03-11=closed").read().is_trading_day(DAY)
    assert not calendar_of(world, "2027-03-10=closed, 2027-03-11=closed").read().is_trading_day(date(2027, 3, 11))


def test_a_warm_worker_reads_it_again_every_five_minutes(world: Contexts) -> None:
    calendar = calendar_of(world)
    calendar.read()
    add(world, DAY, "closed")
    assert calendar.read().is_trading_day(DAY)

    world.now += KEPT_FOR
    assert not calendar.read().is_trading_day(DAY)


def test_the_last_reading_counts_while_the_table_is_away(world: Contexts) -> None:
    add(world, DAY, "closed")
    calendar = calendar_of(world)
    calendar.read()
    world.client.fail_on("get_item")
    world.now += KEPT_FOR

    assert not calendar.read().is_trading_day(DAY)


def test_a_calendar_that_was_never_read_is_not_guessed(world: Contexts) -> None:
    calendar = calendar_of(world)
    world.client.fail_on("get_item")

    with pytest.raises(StoreUnavailable):
        calendar.read()


def test_a_mistyped_override_is_named_when_the_worker_starts(world: Contexts) -> None:
    with pytest.raises(ValueError, match="2027-03-10=shut"):
        calendar_of(world, "2027-03-10=shut")


def test_what_was_added_extends_the_coverage(world: Contexts) -> None:
    store = AnnouncementStore(world.table)
    store.save(NONE, NONE.cover(date(2027, 12, 31)).acknowledge(date(2026, 12, 20)))
    calendar = calendar_of(world).read()

    assert calendar.covers_until == date(2027, 12, 31)
    assert calendar.acknowledged_until == date(2026, 12, 20)
