"""What a page of the refresh does for an account: pulled when it is due, queued again when the pull fails."""

from copy import replace

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.usecases.refresh.page import refresh_page
from testing.market_times import FRIDAY_CLOSE, FRIDAY_WINDOW, MINUTE, THURSDAY_EVENING
from testing.refreshes import FOUR, session_of
from testing.world import World


def test_an_account_gets_the_newer_holdings_of_its_broker(world: World) -> None:
    world.set_holdings("a", 0, 1, 2, 30)

    assert world.refresh("a") == {"refreshed": 1}

    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 30], 10)
    assert world.connection("a").as_of == FRIDAY_WINDOW
    assert world.sqs.sent == []


def test_a_fresh_account_is_not_pulled(world: World) -> None:
    world.pull("a")
    world.gateway.calls.clear()

    assert world.refresh("a") == {"refreshNotDue": 1}
    assert world.gateway.calls == []


def test_an_account_without_an_import_is_not_pulled(world: World) -> None:
    world.link("b", imported=False)

    assert world.refresh("b") == {"refreshNotDue": 1}
    assert world.calls_for("b") == 0


@pytest.mark.parametrize("broker", ["groww", "a-new-broker"])
def test_an_account_of_a_broker_that_needs_a_login_is_not_pulled(world: World, broker: str) -> None:
    world.link("b", broker=broker)
    world.gateway.calls.clear()

    assert world.refresh("a", "b", "nobody") == {"refreshed": 1, "refreshUnknownAccount": 2}
    assert world.gateway.calls == ["a"]


@pytest.mark.parametrize("fault", ["500", "429", "400", "timeout", "truncated", "garbage"])
def test_a_failed_call_is_queued_again(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert world.refresh("a") == {"refreshFailed": 1}

    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]
    assert (session_of(world), world.stored_holdings("a")) == ((SessionState.ACTIVE, None), FOUR)
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


@pytest.mark.parametrize("fault", ["empty", "half", "future date", "unreadable date", "empty, old date"])
def test_an_unusable_answer_is_queued_again(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert world.refresh("a") == {"refreshIncomplete": 1}

    assert world.sqs.pages == [RefreshPage(FRIDAY_CLOSE, ("a",), attempt=1)]
    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, THURSDAY_EVENING)


def test_an_updating_broker_is_polled_again(world: World) -> None:
    world.fail_next("a", "updating", "updating")

    assert world.refresh("a") == {"refreshed": 1}
    assert world.calls_for("a") == 3


def test_a_broker_that_stays_updating_is_queued_again(world: World) -> None:
    waits: list[float] = []
    world.fail_next("a", *["updating"] * 3)

    page = RefreshPage(FRIDAY_CLOSE, ("a",))
    context = replace(world.refresh_context, pull=lambda: replace(world.pull_context, wait=waits.append))
    assert refresh_page(page, context) == {"refreshIncomplete": 1}

    assert (world.calls_for("a"), waits) == (3, [2, 2])
    assert world.sqs.pages == [page.next_attempt(("a",))]


def test_every_attempt_that_finds_the_broker_updating_is_recorded(world: World) -> None:
    """The app reads UPDATING for a few minutes after each time."""
    for attempt in range(3):
        world.fail_next("a", *["updating"] * 3)
        world.refresh("a", attempt=attempt)
        assert world.connection("a").last_attempt_at == world.now
        world.now += 2 * MINUTE


def test_an_account_that_its_user_is_refreshing_is_skipped(world: World) -> None:
    world.lease_for_refresh("a")

    assert world.refresh("a") == {"refreshSkipped": 1}
    assert world.gateway.calls == []

    world.now += MINUTE
    assert world.refresh("a", attempt=1) == {"refreshed": 1}


def test_an_account_unlinked_during_the_pull_is_not_queued_again(world: World) -> None:
    world.gateway.before_reply = lambda: world.end_ownership("a")

    assert world.refresh("a") == {"refreshUnknownAccount": 1}
    assert (world.connections.find("a"), world.sqs.sent) == (None, [])


def test_a_failure_does_not_overwrite_a_newer_snapshot(world: World) -> None:
    world.fail_next("a", "500")
    world.gateway.before_reply = lambda: world.pull("a")
    world.refresh("a")

    account = world.connection("a")
    assert (account.as_of, account.last_failure) == (FRIDAY_WINDOW, None)
