"""A 403 or an unmoved snapshot ends a session, unless many accounts of a page get one at once."""

import pytest

from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.refresh.result import ATTEMPTS_TO_BELIEVE
from testing.market_times import FRIDAY_WINDOW, HOUR, THURSDAY_EVENING
from testing.refreshes import session_of
from testing.world import World


def hundred(world: World, forbidden: int) -> tuple[str, ...]:
    """Linked on Thursday; the first few answer 403 on Friday."""
    world.now = THURSDAY_EVENING
    ids = world.link_many(f"account-{number:03}" for number in range(100))
    world.now = FRIDAY_WINDOW
    for account_id in ids[:forbidden]:
        world.gateway.accounts[account_id].is_forbidden = True
    return ids


def test_a_403_needs_a_login(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True

    assert world.refresh("a") == {"sessionLapsed": 1}

    assert session_of(world) == (SessionState.NEEDS_LOGIN, "GATEWAY_FORBIDDEN")
    assert world.connection("a").stale_since == FRIDAY_WINDOW
    assert world.sqs.sent == []


def test_a_403_for_wrong_keys_ends_no_session(world: World) -> None:
    world.gateway.permanent_fault = "403"

    assert world.refresh("a") == {"refreshFailed": 1}
    assert (session_of(world), world.connection("a").stale_since) == ((SessionState.ACTIVE, None), None)


def test_a_403_overtaken_by_a_login_ends_no_session(world: World) -> None:
    def login() -> None:
        world.gateway.accounts["a"].is_forbidden = False
        transaction = world.begin_transaction("TRX_new")
        world.complete_login("TRX_new", "a")
        world.link_with(transaction, "a", "kite")
        world.pull("a")

    world.gateway.accounts["a"].is_forbidden = True
    world.gateway.before_reply = login
    world.refresh("a")

    assert world.connection("a").session.state is SessionState.ACTIVE


# Many at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [2, 20])
def test_a_few_403s_on_a_page_need_logins(world: World, few: int) -> None:
    ids = hundred(world, forbidden=few)

    assert world.refresh(*ids) == {"sessionLapsed": few, "refreshed": 100 - few}

    assert {session_of(world, account_id)[0] for account_id in ids[:few]} == {SessionState.NEEDS_LOGIN}
    assert {session_of(world, account_id)[0] for account_id in ids[few:]} == {SessionState.ACTIVE}
    assert world.sqs.sent == []


def test_two_403s_are_few_on_the_smallest_page(world: World) -> None:
    ids = hundred(world, forbidden=2)

    assert world.refresh(*ids[:2]) == {"sessionLapsed": 2}


@pytest.mark.parametrize("many", [21, 100])
def test_many_403s_at_once_end_no_session_and_are_queued_again(world: World, many: int) -> None:
    ids = hundred(world, forbidden=many)

    results = world.refresh(*ids)
    assert (results["refreshForbidden"], results["refreshed"]) == (many, 100 - many)

    accounts = [world.connection(account_id) for account_id in ids]
    assert {(account.session.state, account.stale_since) for account in accounts} == {(SessionState.ACTIVE, None)}
    assert [set(page.account_ids) for page in world.sqs.pages] == [set(ids[:many])]

    for account_id in ids:
        world.gateway.accounts[account_id].is_forbidden = False
    assert world.refresh(*ids[:many], attempt=1) == {"refreshed": many}


def test_many_403s_that_last_are_overdue(world: World) -> None:
    ids = hundred(world, forbidden=100)
    world.now = FRIDAY_WINDOW + HOUR

    assert world.refresh(*ids)["refreshOverdue"] == 100


def test_accounts_that_were_not_pulled_do_not_count_against_403s(world: World) -> None:
    ids = hundred(world, forbidden=3)
    for account_id in ids[3:]:
        world.pull(account_id)

    assert world.refresh(*ids) == {"refreshForbidden": 3, "refreshNotDue": 97}


# Snapshots that do not move --------------------------------------------------------------------


def stop_moving(world: World, ids: tuple[str, ...]) -> None:
    """Gateway goes on showing the last snapshot of each."""
    for account_id in ids:
        world.gateway.accounts[account_id].session_is_live = False


def test_a_few_snapshots_that_do_not_move_need_logins(world: World) -> None:
    ids = hundred(world, forbidden=0)
    stop_moving(world, ids[:20])

    assert world.refresh(*ids) == {"sessionLapsed": 20, "refreshed": 80}
    assert {session_of(world, account_id) for account_id in ids[:20]} == {
        (SessionState.NEEDS_LOGIN, "SNAPSHOT_NOT_MOVING")
    }
    assert {world.connection(account_id).stale_since for account_id in ids[:20]} == {FRIDAY_WINDOW}


@pytest.mark.parametrize("many", [21, 100])
def test_many_snapshots_that_do_not_move_end_no_session_and_are_queued_again(world: World, many: int) -> None:
    ids = hundred(world, forbidden=0)
    stop_moving(world, ids[:many])

    assert world.refresh(*ids)["refreshUnmoved"] == many

    assert {session_of(world, account_id)[0] for account_id in ids} == {SessionState.ACTIVE}
    assert [set(page.account_ids) for page in world.sqs.pages] == [set(ids[:many])]


def test_403s_and_unmoved_snapshots_are_doubted_together(world: World) -> None:
    ids = hundred(world, forbidden=11)
    stop_moving(world, ids[11:22])

    results = world.refresh(*ids)
    assert (results["refreshForbidden"], results["refreshUnmoved"], results["sessionLapsed"]) == (11, 11, 0)


def test_a_mass_that_lasts_for_two_hours_is_believed(world: World) -> None:
    ids = hundred(world, forbidden=0)
    stop_moving(world, ids)

    assert world.refresh(*ids, attempt=ATTEMPTS_TO_BELIEVE) == {"sessionLapsed": 100}


def test_a_login_that_overtakes_an_unmoved_answer_ends_no_session(world: World) -> None:
    def login() -> None:
        world.gateway.accounts["a"].session_is_live = True
        transaction = world.begin_transaction("TRX_new")
        world.complete_login("TRX_new", "a")
        world.link_with(transaction, "a", "kite")
        world.pull("a")

    stop_moving(world, ("a",))
    world.gateway.before_reply = login
    world.refresh("a")

    assert world.connection("a").session.state is SessionState.ACTIVE
