"""Requests are counted by user, kind and minute, and nothing of it names the user."""

from datetime import timedelta

from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.store.users.request_counts import RequestCounts
from testing.contexts import Contexts
from testing.market_times import MINUTE


def test_each_user_kind_and_minute_is_counted_on_its_own() -> None:
    world = Contexts()
    counts = RequestCounts(world.table)

    assert [counts.count("asha", Budgeted.CREATE, world.now) for _ in range(3)] == [1, 2, 3]
    assert counts.count("ravi", Budgeted.CREATE, world.now) == 1
    assert counts.count("asha", Budgeted.RESULT, world.now) == 1
    assert counts.count("asha", Budgeted.CREATE, world.now + MINUTE) == 1


def test_a_count_does_not_name_the_user_and_ends_within_an_hour() -> None:
    world = Contexts()
    RequestCounts(world.table).count("asha", Budgeted.CREATE, world.now)

    (item,) = world.memory.items()
    assert "asha" not in str(item)
    assert int(item["expiresAt"]["N"]) == int((world.now + timedelta(hours=1)).timestamp())
