"""Start a transaction with a key that was used before: a create is sent to Gateway once, where money moves for ever."""

from datetime import timedelta
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import (
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    RequestInProgress,
    RequestInvalid,
)
from gateway_backend.store.transactions.codec import META, transaction_pk
from testing.market_times import SECOND
from testing.transaction_starts import (
    BUY,
    IMPORT,
    TICKERS,
    account_in,
    basket,
    cancel,
    creates,
    die_after_create,
    limited,
    start,
    world_with_placed_batch,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def placed() -> World:
    return world_with_placed_batch()


def test_a_repeat_gets_the_transaction_of_the_first(world: World) -> None:
    first, again = start(world, BUY), start(world, BUY)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.transaction == first.transaction
    assert creates(world) == 1


def test_a_repeat_gets_a_token_for_the_same_account(world: World) -> None:
    world.link("account-1", broker="groww")
    body = BUY | {"smallcaseAuthId": "account-1"}
    start(world, body)

    assert account_in(start(world, body).token) == "account-1"


def test_a_repeat_whose_transaction_is_no_longer_kept_is_not_found(world: World) -> None:
    started = start(world, BUY)
    world.table.delete_all([(transaction_pk(started.transaction.id), META)])

    with pytest.raises(NotFound, match="use a new key"):
        start(world, BUY)
    assert creates(world) == 1


@pytest.mark.parametrize(
    ("body", "user"), [(basket((TICKERS[0], 11, "BUY")), "user-1"), (IMPORT, "user-1"), (BUY, "user-2")]
)
def test_a_key_belongs_to_a_single_user_and_request(world: World, body: dict[str, Any], user: str) -> None:
    start(world, BUY)

    with pytest.raises(IdempotencyKeyReused):
        start(world, body, user=user)
    assert creates(world) == 1


def test_a_request_during_the_first_is_refused(world: World) -> None:
    refused: list[type[Exception]] = []

    def second() -> None:
        with pytest.raises(RequestInProgress) as error:
            start(world, BUY)
        refused.append(error.type)

    world.gateway.before_reply = second
    start(world, BUY)

    assert (refused, creates(world)) == ([RequestInProgress], 1)


# A first request that failed -------------------------------------------------------------------


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    with pytest.raises(RequestInvalid):
        start(world, limited())

    assert not start(world, BUY).replayed


def test_an_order_that_gateway_refused_may_be_corrected_with_the_same_key(world: World) -> None:
    world.fail_next("create", "400")
    with pytest.raises(GatewayRefused):
        start(world, BUY)

    assert start(world, basket((TICKERS[0], 1, "BUY"))).transaction.id
    assert creates(world) == 2


MONEY = {
    "securities": BUY,
    "smallcase": {"intent": "TRANSACTION", "orderConfig": {"type": "BUY", "scid": "SCNM_0003"}},
    "cancel order": cancel(),
    "cancel amo": {"intent": "CANCEL_AMO", "orderConfig": {"iscid": "5d94"}, "smallcaseAuthId": "account-1"},
}


@pytest.mark.parametrize("body", MONEY.values(), ids=list(MONEY))
@pytest.mark.parametrize("fault", ["timeout", "500", "429", "garbage", "truncated"])
def test_an_order_whose_create_went_unanswered_is_not_sent_again(
    placed: World, body: dict[str, Any], fault: str
) -> None:
    placed.fail_next("create", fault)
    for seconds in (0, 1, 3600, 80_000):
        placed.now += timedelta(seconds=seconds)
        with pytest.raises(OutcomeUnknown, match="GET /v1/orders"):
            start(placed, body)

    assert creates(placed) == 1


def test_a_new_key_may_start_an_order_whose_create_went_unanswered(placed: World) -> None:
    placed.fail_next("create", "timeout")
    with pytest.raises(OutcomeUnknown):
        start(placed, BUY)

    assert start(placed, BUY, key="key-2").transaction.id


@pytest.mark.parametrize(
    ("fault", "error"), [("timeout", GatewayTimeout), ("500", GatewayUnavailable), ("garbage", GatewayUnavailable)]
)
@pytest.mark.parametrize(
    "body", [IMPORT, {"intent": "CONNECT"}, {"intent": "MF_HOLDINGS_IMPORT"}], ids=lambda body: body["intent"]
)
def test_where_no_money_moves_the_same_key_may_try_again(
    world: World, body: dict[str, Any], fault: str, error: type[Exception]
) -> None:
    world.fail_next("create", fault)
    with pytest.raises(error):
        start(world, body)

    assert not start(world, body).replayed
    assert creates(world) == 2


# A first request that died ---------------------------------------------------------------------


def test_the_key_of_a_request_that_died_is_held_during_its_lease(world: World) -> None:
    die_after_create(world, BUY)

    world.now += 59 * SECOND
    with pytest.raises(RequestInProgress):
        start(world, BUY)


def test_an_order_whose_first_request_has_died_is_not_sent_again(world: World) -> None:
    die_after_create(world, BUY)

    world.now += 61 * SECOND
    with pytest.raises(OutcomeUnknown):
        start(world, BUY)
    assert creates(world) == 1


def test_an_import_whose_first_request_has_died_is_tried_again(world: World) -> None:
    die_after_create(world, IMPORT)

    world.now += 61 * SECOND
    assert start(world, IMPORT).transaction.id
