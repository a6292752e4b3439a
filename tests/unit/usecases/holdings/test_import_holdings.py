"""A pull replaces the last good snapshot only with a portfolio that is proven complete; a failure is only recorded."""

import json
from datetime import timedelta

import pytest

from gateway_backend.domain.connections.connection import CONFIRMED_AFTER, Connection
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.holdings.snapshot import Complete, Incomplete, ProvenEmpty, PullOutcome
from gateway_backend.domain.shared.errors import (
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
)
from testing.market_times import FRIDAY_NOON, SECOND, THURSDAY_EVENING
from testing.portfolios import FIXTURES
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


def test_a_newer_snapshot_replaces_the_last(world: World) -> None:
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


def test_an_unchanged_portfolio_moves_only_its_date(world: World) -> None:
    before = world.connection("a")

    world.pull("a")

    after = world.connection("a")
    assert (after.as_of, id_of(after)) == (FRIDAY_NOON, id_of(before))


# Empty and shrinking ---------------------------------------------------------------------------


def confirm(world: World, after: timedelta = CONFIRMED_AFTER) -> PullOutcome:
    """A later pull."""
    world.now += after
    return world.pull("a")


def test_an_empty_account_is_stored_after_a_later_pull(world: World) -> None:
    world.set_holdings("a")

    assert world.pull("a").reason == "SHRINKING_NOT_CONFIRMED"  # type: ignore[union-attr]
    assert world.stored_holdings("a") == FOUR
    assert isinstance(confirm(world), ProvenEmpty)

    assert (world.stored_holdings("a"), world.connection("a").doubt) == ({}, None)
    assert world.calls_for("a") == 2


def test_a_second_answer_within_moments_confirms_nothing(world: World) -> None:
    world.set_holdings("a")
    world.pull("a")

    assert isinstance(confirm(world, CONFIRMED_AFTER - SECOND), Incomplete)
    assert isinstance(confirm(world, SECOND), ProvenEmpty)


def test_an_account_that_stays_empty_needs_no_confirmation(world: World) -> None:
    world.set_holdings("a")
    world.pull("a")
    confirm(world)

    assert isinstance(world.pull("a"), ProvenEmpty)


@pytest.mark.parametrize("fault", ["empty", "half"])
def test_a_shrinking_that_no_later_pull_confirms_is_not_stored(world: World, fault: str) -> None:
    world.fail_next("a", fault)

    assert isinstance(world.pull("a"), Incomplete)
    assert (world.stored_holdings("a"), world.connection("a").as_of) == (FOUR, THURSDAY_EVENING)
    assert world.connection("a").last_failure == "SHRINKING_NOT_CONFIRMED"

    assert isinstance(confirm(world), Complete)
    assert (world.stored_holdings("a"), world.connection("a").doubt) == (FOUR, None)


def test_a_whole_answer_in_between_ends_the_doubt(world: World) -> None:
    world.fail_next("a", "empty", "", "empty")
    world.pull("a")
    confirm(world)

    assert isinstance(confirm(world), Incomplete)
    assert world.stored_holdings("a") == FOUR


@pytest.mark.parametrize("second", ["500", "timeout", "truncated"])
def test_a_later_pull_that_fails_confirms_nothing(world: World, second: str) -> None:
    world.fail_next("a", "empty", second)
    world.pull("a")

    with pytest.raises(GatewayUnavailable):
        confirm(world)
    assert world.stored_holdings("a") == FOUR


def test_an_empty_answer_of_the_old_date_is_never_stored(world: World) -> None:
    world.fail_next("a", *["empty, old date"] * 2)

    assert world.pull("a") == Incomplete("EMPTY_NOT_NEWER")
    assert (world.stored_holdings("a"), world.calls_for("a")) == (FOUR, 1)


@pytest.mark.parametrize(
    ("now_held", "is_doubted"),
    [
        ([0, 1, 2], False),  # one of four sold
        ([0, 1], True),  # half of them
        ([0, 1, 10, 11, 12, 13], True),  # half of them, and more bought than sold
        ([0, 1, 2, 10], False),
    ],
)
def test_a_portfolio_that_lacks_half_of_the_last_needs_a_later_pull(
    world: World, now_held: list[int], is_doubted: bool
) -> None:
    world.set_holdings("a", *now_held)

    assert isinstance(world.pull("a"), Incomplete) is is_doubted
    confirm(world)

    assert world.stored_holdings("a") == dict.fromkeys(now_held, 10)


def test_rows_of_nothing_but_zeros_are_an_empty_portfolio(world: World) -> None:
    world.set_holdings("a", *range(4), quantity=0)

    assert isinstance(world.pull("a"), Incomplete)
    assert world.stored_holdings("a") == FOUR


def test_a_first_portfolio_that_is_empty_needs_a_later_pull() -> None:
    world = World()
    world.link("a", securities=0)

    assert world.stored_holdings("a") is None
    assert isinstance(confirm(world), ProvenEmpty)
    assert world.stored_holdings("a") == {}


# Rows that cannot be read ----------------------------------------------------------------------

CASE = (FIXTURES / "import-one-null-row.json").read_text()


def null_row(name: str = "INFY", *, only: bool = False) -> str:
    """Members of the data object: TCS, which can be read, and a row whose quantity is null."""
    securities = json.loads(CASE)["portfolio"]["securities"]
    rows = [row for row in securities if not only or row["name"] == name]
    return json.dumps({"securities": rows})[1:-1]


def readable_rows() -> str:
    return null_row().replace('"quantity": null', '"quantity": 7')


def test_a_first_import_keeps_a_row_that_cannot_be_read() -> None:
    world = World()
    world.link("a", imported=False)
    world.gateway.accounts["a"].data = null_row()

    outcome = world.pull("a")

    assert isinstance(outcome, Complete)
    assert [row.name for row in outcome.snapshot.portfolio.unreadable] == ["INFY"]


def test_a_held_security_that_becomes_unreadable_leaves_the_last_snapshot(world: World) -> None:
    world.gateway.accounts["a"].data = readable_rows()
    world.pull("a")
    confirm(world)
    before = world.connection("a").snapshot
    world.gateway.accounts["a"].data = null_row()

    assert confirm(world) == Incomplete("ROWS_UNREADABLE")
    assert (world.connection("a").snapshot, world.connection("a").last_failure) == (before, "ROWS_UNREADABLE")


def test_a_row_that_was_unreadable_before_hides_nothing(world: World) -> None:
    world.gateway.accounts["a"].data = null_row()
    world.pull("a")
    confirm(world)
    world.gateway.accounts["a"].data = null_row().replace('"quantity": 10', '"quantity": 11')

    assert isinstance(confirm(world), Complete)


def test_a_row_without_any_name_hides_what_is_missing(world: World) -> None:
    world.gateway.accounts["a"].data = readable_rows()
    world.pull("a")
    confirm(world)
    rows = [*json.loads(CASE)["portfolio"]["securities"][:1], None]
    world.gateway.accounts["a"].data = json.dumps({"securities": rows})[1:-1]

    assert confirm(world) == Incomplete("ROWS_UNREADABLE")


# Unusable answers ------------------------------------------------------------------------------


def test_an_older_snapshot_never_replaces_a_newer_snapshot(world: World) -> None:
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
def test_an_unusable_answer_is_recorded_and_changes_no_holdings(world: World, fault: str, reason: str) -> None:
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
def test_a_failure_of_gateway_needs_no_login(world: World, fault: str, error: type[Exception]) -> None:
    world.fail_next("a", fault)

    with pytest.raises(error) as raised:
        world.pull("a")

    account = world.connection("a")
    assert type(raised.value) is error
    assert (account.session.state, account.last_failure) == (SessionState.ACTIVE, error.code)  # type: ignore[attr-defined]
    assert world.stored_holdings("a") == FOUR


def test_a_success_clears_the_last_failure(world: World) -> None:
    world.fail_next("a", "updating")
    world.pull("a")
    world.pull("a")

    assert world.connection("a").last_failure is None


def test_an_outage_is_not_written_again_at_every_attempt(world: World) -> None:
    world.gateway.permanent_fault = "500"
    with pytest.raises(GatewayUnavailable):
        world.pull("a")
    units = world.client.write_units

    for _ in range(5):
        with pytest.raises(GatewayUnavailable):
            world.pull("a")

    assert world.client.write_units == units


# 403 -------------------------------------------------------------------------------------------


def test_a_403_for_the_account_alone_ends_its_session(world: World) -> None:
    world.gateway.accounts["a"].is_forbidden = True

    with pytest.raises(GatewayForbidden):
        world.pull("a")

    account = world.connection("a")
    assert (account.session.state, account.session.since) == (SessionState.NEEDS_LOGIN, FRIDAY_NOON)
    assert (account.session.reason, world.stored_holdings("a")) == ("GATEWAY_FORBIDDEN", FOUR)


def test_a_403_for_every_call_is_an_error_of_our_keys(world: World) -> None:
    world.gateway.permanent_fault = "403"

    with pytest.raises(GatewayKeysRefused):
        world.pull("a")

    account = world.connection("a")
    assert (account.session.state, account.last_failure) == (SessionState.ACTIVE, "GATEWAY_KEYS_REFUSED")


@pytest.mark.parametrize(("transaction", "flagged"), [("400", True), ("500", False), ("timeout", False)])
def test_a_403_ends_the_session_only_when_our_keys_are_right(world: World, transaction: str, flagged: bool) -> None:
    world.gateway.accounts["a"].is_forbidden = True
    world.fail_next("TRX_a", transaction)

    with pytest.raises(GatewayForbidden if flagged else GatewayUnavailable):
        world.pull("a")

    assert (world.connection("a").session.state is SessionState.NEEDS_LOGIN) is flagged
