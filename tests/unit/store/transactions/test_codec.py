"""A transaction as an item: read as it was written, listed by time, and in the work index while it is to be checked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Outcome, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item, decode, encode
from gateway_backend.store.dynamodb.versions import VERSION
from gateway_backend.store.transactions.codec import from_item, to_item
from testing.builders import NOW, transaction
from testing.market_times import SECOND
from testing.memory_table.indexes import index_entry

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE_TEXTS = st.none() | TEXTS
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC
MILLISECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**12)
SECURITIES = st.builds(
    RequestedSecurity, TEXTS, st.none() | st.integers(1, 10**6), MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS,
    st.none() | AMOUNTS, st.none() | AMOUNTS,
)  # fmt: skip
ORDERS = st.builds(
    OrderRequest, MAYBE_TEXTS, st.lists(SECURITIES, max_size=3).map(tuple), *[MAYBE_TEXTS] * 7
)  # fmt: skip
SIPS = st.fixed_dictionaries({"iscid": TEXTS}, optional={"amount": AMOUNTS, "sipActive": st.booleans()})
OUTCOMES = st.builds(
    Outcome, st.none() | AMOUNTS, st.none() | MILLISECONDS, MAYBE_TEXTS, MAYBE_TEXTS, MAYBE_TEXTS, st.none() | SIPS
)
TRANSACTIONS = st.builds(
    Transaction,
    id=st.text("0123456789abcdefTRX_", min_size=1),
    owner=TEXTS,
    intent=st.sampled_from(Intent),
    created_at=MOMENTS,
    expire_at=MILLISECONDS,
    correlation_id=TEXTS,
    version=TEXTS,
    mutual_funds=st.booleans(),
    requested_account_id=MAYBE_TEXTS,
    note=MAYBE_TEXTS,
    order=st.none() | ORDERS,
    outcome=OUTCOMES,
    status=st.sampled_from(Status),
    account_id=MAYBE_TEXTS,
    broker=MAYBE_TEXTS,
    failure=st.none() | st.builds(Failure, st.integers(0, 10**9), TEXTS),
    result_persisted=st.booleans(),
    has_orders=st.booleans(),
    link_refusal=MAYBE_TEXTS,
    updated_at=st.none() | MILLISECONDS,
    synced_at=st.none() | MILLISECONDS,
    checks=st.integers(0, 100),
    next_check_at=st.none() | MOMENTS,
    item_version=st.just(0),
)


def stored(written: Transaction) -> Item:
    """The item as the table gives it back."""
    return decode(encode(to_item(written)))


@given(TRANSACTIONS)
def test_a_transaction_is_read_as_it_was_written(written: Transaction) -> None:
    assert from_item(stored(written)) == written


def test_amounts_are_stored_as_texts_with_all_their_digits() -> None:
    """A number of DynamoDB would lose its trailing zeros."""
    securities = (RequestedSecurity("TCS", price=Decimal("3500.50"), trigger_price=Decimal("3499.00")),)
    order, outcome = OrderRequest("SECURITIES", securities), Outcome(funds=Decimal("1200.10"), funds_at=NOW)

    item = stored(transaction(order=order, outcome=outcome))

    (security,) = item["order"]["securities"]
    assert (security["price"], security["triggerPrice"]) == ("3500.50", "3499.00")
    assert item["outcome"]["funds"] == "1200.10"


def test_an_item_has_no_attribute_for_what_has_no_value() -> None:
    assert {*stored(transaction())} == {
        "pk", "sk", "listKey", "listOrder", "owner", "intent", "version", "mutualFunds", "createdAt", "expireAt",
        "correlationId", "status", "statusRank",
    }  # fmt: skip


def test_the_version_of_the_item_is_read() -> None:
    assert from_item(stored(transaction()) | {VERSION: Decimal(7)}).item_version == 7


# Lists -----------------------------------------------------------------------------------------


@given(MOMENTS, st.sampled_from([timedelta.resolution, SECOND]) | st.timedeltas(SECOND, timedelta(days=999)))
def test_the_order_of_items_in_the_list_is_the_order_of_creation(first: datetime, passed: timedelta) -> None:
    """The later item has the lower id."""
    earlier = stored(transaction(id="TRX_2", created_at=first))
    later = stored(transaction(id="TRX_1", created_at=first + passed))

    assert earlier["listOrder"] < later["listOrder"]


def test_transactions_of_the_same_moment_have_different_places_in_the_list() -> None:
    assert stored(transaction(id="TRX_1"))["listOrder"] != stored(transaction(id="TRX_2"))["listOrder"]


@given(TRANSACTIONS)
def test_an_entry_of_the_list_is_read_with_all_that_the_list_shows(written: Transaction) -> None:
    entry = index_entry("Lists", encode(to_item(written)))

    assert entry is not None
    assert from_item(decode(entry)) == written._replace(correlation_id="", synced_at=None, checks=0, next_check_at=None)


# Work ------------------------------------------------------------------------------------------


def test_a_transaction_that_is_to_be_checked_is_in_the_work_index_at_that_time() -> None:
    earlier, later = (stored(transaction(next_check_at=moment)) for moment in (NOW, NOW + SECOND))

    assert earlier["workKey"] == later["workKey"]
    assert earlier["workOrder"] < later["workOrder"]


def test_a_transaction_that_is_not_to_be_checked_is_not_in_the_work_index() -> None:
    assert index_entry("Work", encode(to_item(transaction(next_check_at=None)))) is None


def test_transactions_are_spread_over_sixteen_shards() -> None:
    keys = {stored(transaction(id=f"TRX_{number}", next_check_at=NOW))["workKey"] for number in range(300)}

    assert keys == {f"OPEN#{shard}" for shard in "0123456789abcdef"}


# Items of former releases ----------------------------------------------------------------------


FULL = transaction(
    mutual_funds=True, requested_account_id="a", order=OrderRequest("BUY"), outcome=Outcome(scid="SCNM_1"),
    has_orders=True, checks=3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("correlationId", FULL._replace(correlation_id="")),
        ("mutualFunds", FULL._replace(mutual_funds=False)),
        ("requestedAccountId", FULL._replace(requested_account_id=None)),
        ("order", FULL._replace(order=None)),
        ("outcome", FULL._replace(outcome=Outcome())),
        ("placed", FULL._replace(has_orders=False)),
        ("checks", FULL._replace(checks=0)),
    ],
)
def test_an_item_without_an_attribute_that_came_later_is_read(name: str, read: Transaction) -> None:
    item = stored(FULL)
    del item[name]
    item.get("outcome", {}).pop(name, None)

    assert from_item(item) == read
