"""Starting a transaction: what is warned of, what is refused, and that no order is ever sent twice."""

import io
import json
import logging
from copy import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.market.broker_corrections import capabilities
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.request import OrderRules
from gateway_backend.domain.shared.errors import (
    BrokerCannot,
    DomainError,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
    IdempotencyKeyReused,
    NotFound,
    OrderIsFinal,
    OutcomeUnknown,
    RequestInProgress,
    RequestInvalid,
)
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway import tokens
from gateway_backend.runtime.observability import logger
from gateway_backend.usecases.contexts import StartContext
from gateway_backend.usecases.transactions.start import Started, start_transaction
from ops.api_reference.any_transaction_request import CreateTransactionRequest
from testing.fakes import Crash
from testing.gateway import KEYS
from testing.market_times import SECOND
from testing.portfolios import market
from testing.world import World

REQUESTS = count()
TICKERS = [row["nse_ticker"] for row in market()[:6]]
LIMIT = {"orderType": "orderType", "price": "price", "triggerPrice": "triggerPrice", "validity": "validity"}


@pytest.fixture
def world() -> World:
    return World()


def start(
    world: World,
    body: dict[str, Any],
    *,
    user: str = "user-1",
    key: str = "key-1",
    context: StartContext | None = None,
) -> Started:
    """One request of the app; each has an id of its own."""
    request, attempt = parse_body(CreateTransactionRequest, json.dumps(body).encode()).root, f"request-{next(REQUESTS)}"
    return start_transaction(
        request, user=user, idempotency_key=key, attempt=attempt, context=context or world.start_context
    )


def basket(*securities: tuple[str, int | None, str | None], **more: Any) -> dict[str, Any]:
    listed = [{"ticker": ticker, "quantity": quantity, "type": side} for ticker, quantity, side in securities]
    said = [{name: value for name, value in one.items() if value is not None} for one in listed]
    return {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": said}} | more


BUY = basket((TICKERS[0], 10, "BUY"))
IMPORT = {"intent": "HOLDINGS_IMPORT"}


def limited(**more: Any) -> dict[str, Any]:
    security = {"ticker": TICKERS[0], "orderType": "LIMIT", "price": 100}
    return {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": [security]}} | more


def created(world: World) -> int:
    """How many creates have reached Gateway."""
    return world.calls_for("create")


# What is bound, and what Gateway is told -------------------------------------------------------


def test_a_transaction_is_the_users_before_its_id_is_given_to_anybody(world: World) -> None:
    started = start(world, BUY | {"notes": "for Asha's house"})

    known = world.transactions.owned(started.transaction.id, "user-1")
    assert known == started.transaction
    assert (known.intent, known.note) == (Intent.TRANSACTION, "for Asha's house")
    assert known.order is not None
    assert known.order.securities[0].quantity == 10


def test_gateway_is_told_an_opaque_correlation_id_and_not_the_apps_note(world: World) -> None:
    started = start(world, BUY | {"notes": "for Asha's house"})

    (sent,) = world.gateway.create_bodies
    assert sent == BUY | {"notes": started.transaction.correlation_id}
    assert len(sent["notes"]) == 32


def test_a_guest_gets_a_guests_token_and_a_linked_account_its_own(world: World) -> None:
    world.link("account-1", broker="groww")

    assert tokens.account_of(start(world, BUY).token, KEYS.secret, now=None) is None
    pinned = start(world, BUY | {"smallcaseAuthId": "account-1"}, key="key-2")
    assert tokens.account_of(pinned.token, KEYS.secret, now=None) == "account-1"
    assert pinned.transaction.requested_account_id == "account-1"


@pytest.mark.parametrize("body", [BUY, IMPORT, {"intent": "FETCH_FUNDS"}])
def test_somebody_elses_account_is_not_found(world: World, body: dict[str, Any]) -> None:
    world.link("account-1")

    with pytest.raises(NotFound):
        start(world, body | {"smallcaseAuthId": "account-1"}, user="user-2")
    assert created(world) == 0


# A SELL that the snapshot does not cover -------------------------------------------------------


@pytest.fixture
def holder(world: World) -> World:
    """account-1 holds ten shares each of the first four securities."""
    world.link("account-1", broker="groww")
    return world


def warnings(started: Started) -> list[tuple[str, str, int]]:
    return [(warning.ticker, warning.code, warning.transactable) for warning in started.warnings]


def test_selling_more_than_the_snapshot_covers_is_warned_of_and_not_refused(holder: World) -> None:
    asked = [(TICKERS[0], 10, "SELL"), (TICKERS[1], 11, "SELL"), (TICKERS[5], 1, "SELL"), (TICKERS[4], 99, "BUY")]
    started = start(holder, basket(*asked, smallcaseAuthId="account-1"))

    assert warnings(started) == [
        (TICKERS[1], "MORE_THAN_TRANSACTABLE", 10),
        (TICKERS[5], "NOT_HELD", 0),
    ]
    assert [warning.as_of for warning in started.warnings] == [holder.connection("account-1").as_of] * 2
    assert all(warning.ticker in warning.text for warning in started.warnings)
    assert created(holder) == 1


def test_a_sell_whose_quantity_is_left_to_the_user_needs_one_share(holder: World) -> None:
    asked = basket((TICKERS[0], None, "SELL"), (TICKERS[5], None, "SELL"), smallcaseAuthId="account-1")

    assert warnings(start(holder, asked)) == [(TICKERS[5], "NOT_HELD", 0)]


def test_a_repeat_is_warned_in_the_same_words(holder: World) -> None:
    asked = basket((TICKERS[5], 1, "SELL"), smallcaseAuthId="account-1")

    assert start(holder, asked).warnings == start(holder, asked).warnings != []


def test_without_a_snapshot_nothing_is_known_to_warn_of(world: World) -> None:
    world.link("account-1", broker="groww", imported=False)

    assert start(world, basket((TICKERS[0], 10, "SELL"), smallcaseAuthId="account-1")).warnings == []
    assert start(world, basket((TICKERS[0], 10, "SELL")), key="a guest").warnings == []


# Brokers that cannot do it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broker", "body"),
    [
        ("dhan", BUY),
        ("dhan-leprechaun", BUY),
        ("upstox", limited()),
        ("kotak", IMPORT),
    ],
)
def test_what_the_accounts_broker_does_not_offer_is_refused(world: World, broker: str, body: dict[str, Any]) -> None:
    world.link("account-1", broker=broker, imported=False)

    with pytest.raises(BrokerCannot, match=broker):
        start(world, body | {"smallcaseAuthId": "account-1"}, context=with_limits(world))
    assert created(world) == 0


@pytest.mark.parametrize(
    ("broker", "body"),
    [
        ("groww", BUY),
        ("groww", limited()),
        ("a-new-broker", BUY),
        ("a-new-broker", limited()),
        ("dhan", {"intent": "FETCH_FUNDS"}),
        ("dhan", IMPORT),
    ],
)
def test_what_it_offers_or_nobody_knows_is_left_to_gateway(world: World, broker: str, body: dict[str, Any]) -> None:
    world.link("account-1", broker=broker, imported=False)

    assert start(world, body | {"smallcaseAuthId": "account-1"}, context=with_limits(world)).transaction.id


def test_what_the_operator_says_of_a_broker_counts(world: World) -> None:
    world.link("account-1", broker="dhan", imported=False)
    corrected = replace(world.start_context, brokers=capabilities("dhan+securitiesOrders"))

    assert start(world, BUY | {"smallcaseAuthId": "account-1"}, context=corrected).transaction.id


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    with pytest.raises(RequestInvalid):
        start(world, limited())

    assert not start(world, BUY).replayed


def with_limits(world: World) -> StartContext:
    return replace(world.start_context, rules=OrderRules(50, 100_000, LIMIT, frozenset({"meta"})))


# Cancelling ------------------------------------------------------------------------------------


def cancel(batch_id: str = "batch-1", ticker: str = "M&M", **more: Any) -> dict[str, Any]:
    return {"intent": "CANCEL_ORDER", "orderConfig": {"batchId": batch_id, "ticker": ticker}} | more


def stock(ticker: str, status: OrderStatus, side: str = "BUY") -> Order:
    return Order(ticker, side, status, World().now, 10)


@pytest.fixture
def placed(world: World) -> World:
    """batch-1 of TRX_0 in account-1: M&M is open, AXISBANK done."""
    world.link("account-1", broker="groww")
    orders = (stock("AXISBANK", OrderStatus.COMPLETE), stock("M&M", OrderStatus.PLACED))
    placed_in(world, Batch("batch-1", BatchStatus.PLACED, orders, world.now))
    return world


def placed_in(world: World, batch: Batch) -> Transaction:
    begun = replace(world.begin_order("TRX_0"), account_id="account-1", broker="groww")
    world.record_batch(begun, batch, world.now)
    return begun


def test_an_open_order_is_cancelled_in_the_account_it_was_placed_in(placed: World) -> None:
    started = start(placed, cancel())

    assert placed.gateway.create_bodies[-1]["orderConfig"] == {"batchId": "batch-1", "ticker": "M&M"}
    assert tokens.account_of(started.token, KEYS.secret, now=None) == "account-1"
    assert started.transaction.requested_account_id == "account-1"
    assert started.transaction.order is not None
    assert started.transaction.order.about == "TRX_0"
    assert start(placed, cancel(smallcaseAuthId="account-1"), key="key-2").transaction.id


@pytest.mark.parametrize(
    ("body", "user"),
    [
        (cancel("batch-9"), "user-1"),
        (cancel(ticker="HDFCBANK"), "user-1"),
        (cancel(), "user-2"),
        (cancel(smallcaseAuthId="account-2"), "user-1"),
    ],
)
def test_what_is_not_an_order_of_this_user_there_is_not_found(placed: World, body: dict[str, Any], user: str) -> None:
    placed.link("account-2", broker="groww")

    with pytest.raises(NotFound):
        start(placed, body, user=user)
    assert created(placed) == 0


def test_what_has_ended_is_not_cancelled(placed: World) -> None:
    with pytest.raises(OrderIsFinal):
        start(placed, cancel(ticker="AXISBANK"))
    assert created(placed) == 0


def test_a_batch_that_the_user_has_closed_is_not_cancelled(world: World) -> None:
    world.link("account-1", broker="groww")
    open_stock = (stock("M&M", OrderStatus.PLACED),)
    placed_in(world, Batch("batch-1", BatchStatus.MARKEDCOMPLETE, open_stock, world.now))

    with pytest.raises(OrderIsFinal):
        start(world, cancel())


def test_of_a_ticker_that_stands_in_the_batch_twice_the_open_one_is_cancelled(world: World) -> None:
    world.link("account-1", broker="groww")
    both = (stock("M&M", OrderStatus.COMPLETE, "BUY"), stock("M&M", OrderStatus.PLACED, "SELL"))
    placed_in(world, Batch("batch-1", BatchStatus.PLACED, both, world.now))

    assert start(world, cancel()).transaction.order is not None


def test_a_repeat_of_a_cancellation_answers_also_when_the_order_has_ended_since(placed: World) -> None:
    first = start(placed, cancel())
    ended = (stock("M&M", OrderStatus.CANCELLED),)
    placed.record_batch(
        replace(placed.transactions.owned("TRX_0", "user-1"), account_id="account-1"),
        Batch("batch-1", BatchStatus.CANCELLED, ended, placed.now),
        placed.now,
    )

    again = start(placed, cancel())

    assert (again.replayed, again.transaction.id) == (True, first.transaction.id)
    assert created(placed) == 1


# Never twice -----------------------------------------------------------------------------------

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

    assert created(placed) == 1


def test_a_new_key_may_start_what_an_unanswered_one_did_not(placed: World) -> None:
    placed.fail_next("create", "timeout")
    with pytest.raises(OutcomeUnknown):
        start(placed, BUY)

    assert start(placed, BUY, key="key-2").transaction.id


def test_an_order_that_gateway_refused_may_be_mended_with_the_same_key(world: World) -> None:
    world.fail_next("create", "400")
    with pytest.raises(GatewayRefused):
        start(world, BUY)

    assert start(world, basket((TICKERS[0], 1, "BUY"))).transaction.id
    assert created(world) == 2


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
    assert created(world) == 2


def test_a_repeat_gets_the_first_ones_transaction(world: World) -> None:
    first, again = start(world, BUY), start(world, BUY)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.transaction == first.transaction
    assert created(world) == 1


@pytest.mark.parametrize(
    ("body", "user"), [(basket((TICKERS[0], 11, "BUY")), "user-1"), (IMPORT, "user-1"), (BUY, "user-2")]
)
def test_a_key_is_of_one_user_and_one_basket(world: World, body: dict[str, Any], user: str) -> None:
    start(world, BUY)

    with pytest.raises(IdempotencyKeyReused):
        start(world, body, user=user)
    assert created(world) == 1


def test_a_second_request_waits_while_the_first_runs(world: World) -> None:
    world.gateway.before_reply = lambda: seen.append(raised_by(RequestInProgress, world))
    seen: list[bool] = []

    start(world, BUY)

    assert (seen, created(world)) == ([True], 1)


def raised_by(error: type[Exception], world: World) -> bool:
    with pytest.raises(error):
        start(world, BUY)
    return True


def died(world: World, body: dict[str, Any]) -> None:
    """The first request dies after Gateway has made the transaction and before we have stored it."""

    def crash(operation: str, _request: dict[str, Any]) -> None:
        if operation == "transact_write_items":
            raise Crash

    world.client.before_call = crash
    with pytest.raises(Crash):
        start(world, body)
    world.client.before_call = lambda _operation, _request: None


def test_an_order_whose_first_request_has_died_is_not_sent_again(world: World) -> None:
    died(world, BUY)

    world.now += 59 * SECOND
    with pytest.raises(RequestInProgress):
        start(world, BUY)
    world.now += 2 * SECOND
    with pytest.raises(OutcomeUnknown):
        start(world, BUY)
    assert created(world) == 1


def test_an_import_whose_first_request_has_died_is_tried_again(world: World) -> None:
    died(world, IMPORT)

    world.now += 61 * SECOND
    assert start(world, IMPORT).transaction.id


# Personal data ---------------------------------------------------------------------------------

PAN, PHONE, EMAIL = "ABCPE1234F", "9876543210", "asha@example.com"
STATEMENT = {"intent": "MF_HOLDINGS_IMPORT", "assetConfig": {"pan": PAN, "phone": PHONE, "email": EMAIL}}


@pytest.mark.parametrize("fault", ["", "timeout", "400", "garbage"])
def test_personal_data_is_passed_on_and_neither_stored_nor_logged(
    world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged, written = io.StringIO(), list[str]()
    handler = logging.StreamHandler(logged)
    handler.setFormatter(logger.registered_formatter)
    monkeypatch.setattr(logger._logger, "handlers", [handler])
    world.client.before_call = lambda _operation, request: written.append(str(request))
    world.fail_next("create", fault)

    try:
        start(world, STATEMENT)
    except DomainError as error:
        written.append(error.detail)

    (sent,) = world.gateway.create_bodies
    assert sent["assetConfig"] == STATEMENT["assetConfig"]
    for secret in (PAN, PHONE, EMAIL):
        assert secret not in logged.getvalue()
        assert secret not in "".join(written)
