"""A pull replaces the last good snapshot only with a portfolio that is proven complete; a failure is only recorded."""

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.holdings.snapshot import Complete, Incomplete
from gateway_backend.domain.shared.errors import (
    GatewayForbidden,
    GatewayKeysRefused,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
)
from testing.market_times import FRIDAY_NOON, THURSDAY_EVENING
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
