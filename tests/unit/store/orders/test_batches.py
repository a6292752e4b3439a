"""Batches in the table: read back as they were, brought forward by whoever comes, listed and erased."""

from copy import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.filters import Filters
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item
from testing.fakes import BATCH_WRITES
from testing.market_times import HOUR, MINUTE, SECOND, THURSDAY_EVENING
from testing.world import World

NOW = THURSDAY_EVENING
PLACED = Order("AXISBANK", "BUY", OrderStatus.PLACED, NOW, 10)
DONE = replace(PLACED, status=OrderStatus.COMPLETE, filled=10, average_price=Decimal("420.1000"))


@pytest.fixture
def world() -> World:
    return World()


def batch(batch_id: str = "batch-1", status: BatchStatus = BatchStatus.PLACED, *orders: Order, **more: Any) -> Batch:
    return Batch(batch_id, status, orders or (PLACED,), NOW, **more)


COMPLETED = batch("batch-1", BatchStatus.COMPLETED, DONE)


def placed(world: World, number: int, user: str = "user-1", account: str = "account-1") -> RecordedBatch:
    """The user's order of minute `number`."""
    world.now = NOW + number * MINUTE
    begun = replace(world.begin_order(f"TRX_{user}_{number}", user), account_id=account, broker="groww")
    return recorded(world, begun, batch(f"batch-{number}"))


def recorded(world: World, transaction: Transaction, report: Batch, now: datetime | None = None) -> RecordedBatch:
    found = world.record_batch(transaction, report, now or world.now)
    assert found is not None
    return found


def begun(world: World, **more: Any) -> Transaction:
    return replace(world.begin_order("TRX_1"), **({"account_id": "account-1", "broker": "groww"} | more))


def ids(found: list[RecordedBatch]) -> list[str]:
    return [stored.batch.id for stored in found]


def every_page(world: World, limit: int, **filters: Any) -> list[str]:
    found: list[str] = []
    after: Item | None = None
    while True:
        page, after = world.batches.list("user-1", Filters(**filters), after=after, limit=limit)
        assert len(page) <= limit
        found += ids(page)
        if after is None:
            return found


# One batch -------------------------------------------------------------------------------------

AMOUNTS = st.none() | st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**15)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ORDERS = st.builds(
    Order, st.text(min_size=1, max_size=9), st.sampled_from([None, "BUY", "SELL"]), st.sampled_from(OrderStatus),
    st.just(NOW), st.none() | st.integers(0, 10**9), st.integers(0, 10**9), AMOUNTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
    TEXTS, st.booleans(),
)  # fmt: skip
BATCHES = st.builds(
    Batch, st.just("batch-1"), st.sampled_from(BatchStatus), st.lists(ORDERS, max_size=3).map(tuple), st.just(NOW),
    TEXTS, st.none() | st.integers(0, 99), st.none() | st.integers(0, 99), AMOUNTS, AMOUNTS, TEXTS,
)  # fmt: skip


@given(BATCHES)
def test_a_batch_is_read_back_as_it_was(report: Batch) -> None:
    world = World()
    transaction = begun(world)

    stored = recorded(world, transaction, report, NOW)

    assert world.batches.of("TRX_1") == [stored]
    assert stored.batch == report


def test_a_price_keeps_its_digits(world: World) -> None:
    world.record_batch(begun(world), replace(COMPLETED, buy_amount=Decimal("1575.0900000000001")), NOW)

    (stored,) = world.batches.of("TRX_1")
    assert (str(stored.batch.orders[0].average_price), str(stored.batch.buy_amount)) == (
        "420.1000",
        "1575.0900000000001",
    )


def test_a_new_batch_knows_its_transaction_and_its_basket(world: World) -> None:
    named = begun(world, order=OrderRequest("SECURITIES", name="Two banks"))

    stored = recorded(world, named, batch(), NOW)

    assert stored == RecordedBatch(batch(), "TRX_1", "user-1", "account-1", "groww", "Two banks", NOW, NOW, 1)


def test_each_step_is_counted_and_what_is_no_step_is_not_written(world: World) -> None:
    transaction, later = begun(world), NOW + HOUR
    assert recorded(world, transaction, batch(), NOW).revision == 1
    written = world.client.write_units

    same = replace(batch(), reported_at=later, orders=(replace(PLACED, reported_at=later),))
    assert world.record_batch(transaction, same, later) == replace(world.batches.of("TRX_1")[0])
    assert world.client.write_units == written

    done = recorded(world, transaction, COMPLETED, later)
    assert (done.revision, done.placed_at, done.updated_at) == (2, NOW, later)
    assert recorded(world, transaction, batch(), later + HOUR).revision == 2


def test_the_account_is_noted_as_soon_as_it_is_known_and_stays(world: World) -> None:
    world.record_batch(begun(world, account_id=None, broker=None), batch(), NOW)
    transaction = replace(world.transactions.owned("TRX_1", "user-1"), account_id="account-1", broker="groww")

    stored = recorded(world, transaction, batch(), NOW)
    assert (stored.account_id, stored.broker, stored.revision) == ("account-1", "groww", 2)

    other = replace(transaction, account_id="account-2", broker="kite")
    stored = recorded(world, other, COMPLETED, NOW)
    assert (stored.account_id, stored.broker) == ("account-1", "groww")


def test_two_workers_at_once_lose_no_step(world: World) -> None:
    """Each has read the batch before the other has written."""
    transaction = begun(world)
    half = batch("batch-1", BatchStatus.PLACED, replace(PLACED, filled=5))
    revisions: list[int] = []

    def meanwhile(operation: str, _request: dict[str, Any]) -> None:
        if operation in BATCH_WRITES:
            world.client.before_call = lambda _operation, _request: None
            revisions.append(recorded(world, transaction, half, NOW).revision)

    for report in (batch(), COMPLETED):
        world.client.before_call = meanwhile
        revisions.append(recorded(world, transaction, report, NOW).revision)

    (stored,) = world.batches.of("TRX_1")
    assert stored.batch == COMPLETED
    assert revisions == [1, 1, 1, 2], "placed was overtaken by five shares, which are recorded when all ten come"


def test_a_batch_that_never_stands_still_is_left_to_the_next_try(world: World) -> None:
    transaction = begun(world)
    filled = iter(range(1, 100))

    def meanwhile(operation: str, _request: dict[str, Any]) -> None:
        if operation in BATCH_WRITES:
            world.client.before_call = lambda _operation, _request: None
            world.record_batch(transaction, batch("batch-1", BatchStatus.PLACED, part(next(filled))), NOW)
            world.client.before_call = meanwhile

    def part(shares: int) -> Order:
        return replace(PLACED, filled=shares, quantity=1000)

    world.client.before_call = meanwhile
    with pytest.raises(StoreUnavailable):
        world.record_batch(transaction, batch("batch-1", BatchStatus.COMPLETED, DONE), NOW)


# A user's batches ------------------------------------------------------------------------------


def test_a_users_batches_are_listed_newest_first_and_nobody_elses(world: World) -> None:
    for number in range(3):
        placed(world, number)
    placed(world, 9, user="user-2")

    assert every_page(world, 20) == ["batch-2", "batch-1", "batch-0"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_pages_have_each_batch_once_whatever_their_size(world: World, limit: int) -> None:
    for number in range(7):
        placed(world, number, account=f"account-{number % 2}")

    assert every_page(world, limit) == [f"batch-{number}" for number in range(6, -1, -1)]
    assert every_page(world, limit, account_id="account-0") == ["batch-6", "batch-4", "batch-2", "batch-0"]


def test_a_page_may_be_short_of_what_fits_among_very_many(world: World) -> None:
    placed(world, 0, account="rare")
    for number in range(1, 1012):
        placed(world, number)

    page, after = world.batches.list("user-1", Filters(account_id="rare"), after=None, limit=20)
    assert (page, after is None) == ([], False)
    page, after = world.batches.list("user-1", Filters(account_id="rare"), after=after, limit=20)
    assert (ids(page), after) == (["batch-0"], None)


def test_the_filters_can_be_put_together(world: World) -> None:
    for number in range(6):
        placed(world, number)
    done = replace(world.transactions.owned("TRX_user-1_3", "user-1"), account_id="account-1")
    world.record_batch(done, replace(COMPLETED, id="batch-3"), world.now)

    assert every_page(world, 20, status=BatchStatus.COMPLETED) == ["batch-3"]
    assert every_page(world, 20, status=BatchStatus.COMPLETED, account_id="account-2") == []
    assert every_page(world, 20, status=BatchStatus.COMPLETED, until=NOW + 3 * MINUTE) == []


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(world: World) -> None:
    for number in range(4):
        placed(world, number)

    assert every_page(world, 20, since=NOW + MINUTE, until=NOW + 3 * MINUTE) == ["batch-2", "batch-1"]
    assert every_page(world, 20, since=NOW + MINUTE + SECOND / 1000) == ["batch-3", "batch-2"]
    assert every_page(world, 20, until=NOW) == []


def test_a_span_may_begin_or_end_at_the_end_of_the_calendar(world: World) -> None:
    placed(world, 0)
    last = datetime.max.replace(tzinfo=UTC)

    assert every_page(world, 20, since=last) == []
    assert every_page(world, 20, until=last) == ["batch-0"]


def test_a_batch_is_found_by_its_id_among_the_users_own_only(world: World) -> None:
    for number in range(120):
        placed(world, number)

    found = world.batches.find("user-1", "batch-3")
    assert found is not None
    assert found.transaction_id == "TRX_user-1_3"
    assert world.batches.find("user-2", "batch-3") is None
    assert world.batches.find("user-1", "batch-120") is None


# Erasing ---------------------------------------------------------------------------------------


def test_only_what_the_batches_of_the_account_say_is_erased(world: World) -> None:
    for number in range(2):
        placed(world, number, account=f"account-{number}")

    erased = [world.batches.erase_content(f"TRX_user-1_{number}", "account-1") for number in range(2)]

    assert erased == [0, 1]
    assert every_page(world, 20) == ["batch-0"]
    assert world.batches.of("TRX_user-1_1") == []
    assert world.batches.find("user-1", "batch-1") is None


def test_a_late_report_does_not_bring_back_what_was_erased(world: World) -> None:
    stored = placed(world, 1)
    world.batches.erase_content(stored.transaction_id, "account-1")
    transaction = replace(world.transactions.owned(stored.transaction_id, "user-1"), account_id="account-1")

    assert world.record_batch(transaction, replace(COMPLETED, id="batch-1"), world.now + HOUR) is None

    assert world.batches.of(stored.transaction_id) == []
    assert every_page(world, 20) == []


def test_a_report_that_is_being_written_does_not_bring_back_what_is_being_erased(world: World) -> None:
    stored = placed(world, 1)
    transaction = replace(world.transactions.owned(stored.transaction_id, "user-1"), account_id="account-1")

    def meanwhile(operation: str, _request: dict[str, Any]) -> None:
        if operation in BATCH_WRITES:
            world.client.before_call = lambda _operation, _request: None
            world.batches.erase_content(stored.transaction_id, "account-1")

    world.client.before_call = meanwhile
    assert world.record_batch(transaction, replace(COMPLETED, id="batch-1"), world.now + HOUR) is None

    assert world.batches.of(stored.transaction_id) == []
    assert every_page(world, 20) == []


def test_the_batches_of_a_user_are_counted(world: World) -> None:
    for number in range(120):
        placed(world, number)

    assert (world.batches.count("user-1"), world.batches.count("user-2")) == (120, 0)


def test_a_first_batch_does_not_come_after_its_account_was_unlinked(world: World) -> None:
    """The transaction was read before the unlinking: nobody would erase what it writes now."""
    world.link("account-1", broker="groww")
    world.now += MINUTE
    transaction = begun(world)
    world.now += MINUTE
    world.unlink("account-1")

    assert world.record_batch(transaction, batch(), world.now) is None

    assert world.batches.of("TRX_1") == []
    assert every_page(world, 20) == []


def test_an_order_of_a_new_linking_is_recorded(world: World) -> None:
    world.link("account-1", broker="groww")
    world.unlink("account-1")
    world.now += MINUTE

    world.record_batch(begun(world), batch(), world.now)

    assert every_page(world, 20) == ["batch-1"]
