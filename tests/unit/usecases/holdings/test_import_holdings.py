"""What a pull brings replaces the last good snapshot only when it proves whole; a failure is noted, and that is all."""

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.holdings.snapshot import Complete, Incomplete, ProvenEmpty
from gateway_backend.domain.shared.errors import (
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
    NotFound,
)
from testing.market_times import FRIDAY_NOON, SECOND, THURSDAY_EVENING
from testing.world import World

FOUR = dict.fromkeys(range(4), 10)


@pytest.fixture
def world() -> World:
    """One account with four securities, imported on Thursday evening; now it is Friday noon."""
    world = World()
    world.link("a")
    world.now = FRIDAY_NOON
    world.gateway.calls.clear()
    return world


def test_a_newer_snapshot_takes_the_place_of_the_last(world: World) -> None:
    world.set_holdings("a", 0, 1, 2, 7)

    assert isinstance(world.pull("a"), Complete)

    account = world.connection("a")
    assert (account.as_of, account.last_success_at, account.snapshot and account.snapshot.size) == (
        FRIDAY_NOON,
        FRIDAY_NOON,
        4,
    )
    assert world.stored_holdings("a") == dict.fromkeys([0, 1, 2, 7], 10)
    assert world.calls_for("a") == 1


def id_of(connection: Connection) -> str | None:
    return connection.snapshot.id if connection.snapshot else None


def test_an_unchanged_portfolio_moves_its_date_alone(world: World) -> None:
    before = world.connection("a")

    world.pull("a")

    after = world.connection("a")
    assert (after.as_of, id_of(after)) == (FRIDAY_NOON, id_of(before))


# Empty and shrinking ---------------------------------------------------------------------------


def test_an_account_that_was_sold_empty_is_believed_after_a_second_look(world: World) -> None:
    world.set_holdings("a")

    assert isinstance(world.pull("a"), ProvenEmpty)

    assert (world.stored_holdings("a"), world.connection("a").as_of) == ({}, FRIDAY_NOON)
    assert world.calls_for("a") == 2


def test_an_account_that_stays_empty_is_not_looked_at_twice(world: World) -> None:
    world.set_holdings("a")
    world.pull("a")
    world.gateway.calls.clear()

    assert isinstance(world.pull("a"), ProvenEmpty)
    assert world.calls_for("a") == 1


@pytest.mark.parametrize("fault", ["empty", "half"])
def test_what_only_one_answer_says_is_gone_is_not_gone(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert world.pull("a") == Incomplete("SHRINKING_NOT_CONFIRMED")

    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, THURSDAY_EVENING)
    assert world.connection("a").last_failure == "SHRINKING_NOT_CONFIRMED"


@pytest.mark.parametrize("second", ["500", "timeout", "truncated"])
def test_a_second_look_that_fails_confirms_nothing(world: World, second: str) -> None:
    world.fail_next("a", "empty", second)

    with pytest.raises(GatewayUnavailable):
        world.pull("a")
    assert world.stored_holdings("a") == FOUR


def test_an_empty_answer_with_the_old_date_is_no_proof_however_often_it_comes(world: World) -> None:
    world.fail_next("a", *["empty, old date"] * 2)

    assert world.pull("a") == Incomplete("EMPTY_NOT_NEWER")
    assert (world.stored_holdings("a"), world.calls_for("a")) == (FOUR, 1)


@pytest.mark.parametrize(
    ("now_held", "looks"),
    [
        ([0, 1, 2], 1),  # one of four sold
        ([0, 1], 2),  # half of them
        ([0, 1, 10, 11, 12, 13], 2),  # half of them, and more bought than sold
        ([0, 1, 2, 10], 1),
    ],
)
def test_half_of_the_securities_gone_is_looked_at_twice(world: World, now_held: list[int], looks: int) -> None:
    world.set_holdings("a", *now_held)

    assert isinstance(world.pull("a"), Complete)

    assert world.stored_holdings("a") == dict.fromkeys(now_held, 10)
    assert world.calls_for("a") == looks


def test_a_first_portfolio_that_is_empty_is_looked_at_twice() -> None:
    world = World()
    world.link("a", securities=0)

    assert (world.stored_holdings("a"), world.calls_for("a")) == ({}, 2)


# Not newer, not ours, not possible -------------------------------------------------------------


def test_an_older_snapshot_never_replaces_a_newer_one(world: World) -> None:
    earlier = world.connection("a")
    world.set_holdings("a", 0, 1, 2)
    world.pull("a")
    world.set_holdings("a", *range(6))

    world.now = THURSDAY_EVENING
    world.pull("a")

    assert earlier.as_of == THURSDAY_EVENING
    assert (world.stored_holdings("a"), world.connection("a").as_of) == (dict.fromkeys(range(3), 10), FRIDAY_NOON)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("updating", "UPDATING"),
        ("future date", "SNAPSHOT_DATE_IN_FUTURE"),
        ("unreadable date", "SNAPSHOT_DATE_UNREADABLE"),
    ],
)
def test_an_answer_that_cannot_be_used_is_noted_and_changes_nothing(world: World, fault: str, reason: str) -> None:
    world.set_holdings("a", *range(9))
    world.fail_next("a", fault)

    assert world.pull("a") == Incomplete(reason)

    account = world.connection("a")
    assert (world.stored_holdings("a"), account.as_of, account.session.state) == (
        FOUR,
        THURSDAY_EVENING,
        SessionState.ACTIVE,
    )
    assert (account.last_failure, account.last_attempt_at) == (reason, FRIDAY_NOON)
    assert account.last_success_at == THURSDAY_EVENING


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", GatewayUnavailable),
        ("429", GatewayUnavailable),
        ("timeout", GatewayTimeout),
        ("truncated", GatewayUnavailable),
        ("garbage", GatewayUnavailable),
        ("400", GatewayRefused),
    ],
)
def test_a_failure_is_our_problem_and_needs_no_login(world: World, fault: str, error: type[Exception]) -> None:
    world.fail_next("a", fault)

    with pytest.raises(error) as raised:
        world.pull("a")

    account = world.connection("a")
    assert type(raised.value) is error
    assert (account.session.state, account.last_failure) == (SessionState.ACTIVE, error.code)  # type: ignore[attr-defined]
    assert world.stored_holdings("a") == FOUR


def test_a_success_clears_what_had_failed(world: World) -> None:
    world.fail_next("a", "updating")
    world.pull("a")
    world.pull("a")

    assert world.connection("a").last_failure is None


# 403 -------------------------------------------------------------------------------------------


def test_a_403_for_this_account_alone_asks_for_a_login(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True

    with pytest.raises(GatewayForbidden):
        world.pull("a")

    account = world.connection("a")
    assert (account.session.state, account.session.since) == (SessionState.NEEDS_LOGIN, FRIDAY_NOON)
    assert (account.session.reason, world.stored_holdings("a")) == ("GATEWAY_FORBIDDEN", FOUR)


def test_a_403_for_everything_means_that_our_keys_are_wrong(world: World) -> None:
    world.gateway.permanent_fault = "403"

    with pytest.raises(GatewayKeysRefused):
        world.pull("a")

    account = world.connection("a")
    assert (account.session.state, account.last_failure) == (SessionState.ACTIVE, "GATEWAY_KEYS_REFUSED")


@pytest.mark.parametrize(("transaction", "flagged"), [("400", True), ("500", False), ("timeout", False)])
def test_a_403_flags_only_when_our_keys_are_known_to_be_right(world: World, transaction: str, flagged: bool) -> None:
    world.gateway.accounts["a"].is_forbidden = True
    world.fail_next("TRX_a", transaction)

    with pytest.raises(GatewayForbidden if flagged else GatewayUnavailable):
        world.pull("a")

    assert (world.connection("a").session.state is SessionState.NEEDS_LOGIN) is flagged


# Meanwhile -------------------------------------------------------------------------------------


def test_an_account_unlinked_during_the_pull_leaves_nothing_behind(world: World) -> None:
    world.set_holdings("a", *range(9))
    world.gateway.before_reply = lambda: unlink(world)

    with pytest.raises(NotFound):
        world.pull("a")

    assert world.connections.find("a") is None
    assert world.connections._table.query("ACCOUNT#a", prefix="SNAPSHOT#") == []


def unlink(world: World) -> None:
    world.unlink("a", "user-1")


def link_again(world: World) -> None:
    world.now += SECOND
    transaction = world.begin_transaction("TRX_again")
    world.now += SECOND
    world.link_with(transaction, "a", "kite")


@pytest.mark.parametrize("securities", [[0, 1, 2, 3], [0, 1, 2]], ids=["unchanged", "changed"])
def test_an_account_unlinked_and_linked_again_during_the_pull_can_be_read(world: World, securities: list[int]) -> None:
    def meanwhile() -> None:
        unlink(world)
        link_again(world)

    world.set_holdings("a", *securities)
    world.gateway.before_reply = meanwhile
    world.pull("a")

    assert world.stored_holdings("a") == dict.fromkeys(securities, 10)


def test_one_linked_and_imported_again_during_the_pull_keeps_to_its_new_snapshot(world: World) -> None:
    """The same portfolio of an earlier date: the pull must not point back at what the unlinking has erased."""

    def meanwhile() -> None:
        unlink(world)
        link_again(world)
        world.pull("a")

    world.fail_next("a", "", "late")
    world.gateway.before_reply = meanwhile
    world.pull("a")

    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, FRIDAY_NOON)


def test_a_slow_erasure_does_not_take_what_came_after_the_new_linking(world: World) -> None:
    erased_at = world.now

    def meanwhile() -> None:
        world.end_ownership("a", erased_at)
        link_again(world)

    world.gateway.before_reply = meanwhile
    world.pull("a")
    world.snapshots.erase("a", erased_at)

    assert world.stored_holdings("a") == FOUR


def test_an_outage_is_not_written_down_again_at_every_attempt(world: World) -> None:
    world.gateway.permanent_fault = "500"
    with pytest.raises(GatewayUnavailable):
        world.pull("a")
    units = world.client.write_units

    for _ in range(5):
        with pytest.raises(GatewayUnavailable):
            world.pull("a")

    assert world.client.write_units == units
