"""Transactions in the table: written whole or not at all, listed by user, due for checks, never changed blindly."""

from copy import replace
from datetime import datetime, timedelta

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus
from gateway_backend.domain.shared.errors import ConcurrentUpdate, NotFound, StoreUnavailable
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put
from gateway_backend.store.transactions.codec import META, transaction_pk
from testing.builders import NOW, transaction
from testing.fakes import READS
from testing.market_times import HOUR, MINUTE, SECOND
from testing.world import World

WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stored(world: World) -> Transaction:
    world.transactions.add(transaction(next_check_at=NOW + 2 * MINUTE))
    return world.transaction("TRX_1")


def change_by_another(world: World, status: Status = Status.USED) -> Transaction:
    """Another worker reads and changes TRX_1."""
    found = world.transaction("TRX_1")
    return world.transactions.save(found, replace(found, status=status))


def erase(world: World) -> None:
    world.table.delete_all([(transaction_pk("TRX_1"), META)])


# Add and find ----------------------------------------------------------------------------------


def test_a_transaction_is_found_as_it_was_added(world: World) -> None:
    added = transaction(note="mine", next_check_at=NOW + MINUTE)
    world.transactions.add(added)

    assert world.transactions.find("TRX_1") == added


def test_a_transaction_of_an_existing_id_is_refused(world: World, stored: Transaction) -> None:
    with pytest.raises(ConditionFailed):
        world.transactions.add(transaction(owner="user-2"))
    assert world.transaction("TRX_1") == stored


def test_a_transaction_is_added_only_together_with_its_other_writes(world: World) -> None:
    with pytest.raises(ConditionFailed):
        world.transactions.add(transaction(), Put({"pk": "A", "sk": "B"}, "attribute_exists(#pk)"))

    assert world.transactions.find("TRX_1") is None


def test_the_other_writes_are_made_together_with_the_transaction(world: World) -> None:
    world.transactions.add(transaction(), Put({"pk": "A", "sk": "B"}))

    assert world.table.get("A", "B") == {"pk": "A", "sk": "B"}


def test_a_transaction_that_is_not_there_is_none(world: World) -> None:
    assert world.transactions.find("TRX_1") is None


def test_the_owner_gets_the_transaction(world: World, stored: Transaction) -> None:
    assert world.transactions.owned("TRX_1", "user-1") == stored


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("transaction_id", "owner"), [("TRX_1", "user-2"), ("TRX_2", "user-1")])
def test_an_unknown_transaction_or_of_another_user_is_not_found(world: World, transaction_id: str, owner: str) -> None:
    with pytest.raises(NotFound):
        world.transactions.owned(transaction_id, owner)


# Lists -----------------------------------------------------------------------------------------


def add_many(world: World, count: int, **members: str) -> list[str]:
    """One a second; their ids, newest first. The ids are in another order than the times."""
    ids = [f"TRX_{count - number:03}" for number in range(count)]
    for number, transaction_id in enumerate(ids):
        world.transactions.add(transaction(id=transaction_id, created_at=NOW + number * SECOND, **members))
    return ids[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_the_pages_of_a_list_have_every_transaction_once_and_newest_first(world: World, limit: int) -> None:
    ids = add_many(world, 5)
    listed: list[str] = []
    after: Item | None = None
    while True:
        page, after = world.transactions.list("user-1", after=after, limit=limit)
        assert len(page) <= limit
        listed += [found.id for found in page]
        if after is None:
            break

    assert listed == ids


@pytest.mark.usefixtures("stored")
def test_the_transactions_of_another_user_are_not_listed(world: World) -> None:
    assert world.transactions.list("user-2", after=None, limit=50) == ([], None)


# Memberships -----------------------------------------------------------------------------------


def memberships(world: World, until: datetime = NOW + HOUR, after: str = "") -> list[str]:
    return [found.transaction_id for found in world.transactions.memberships("user-1", until=until, after=after)]


def test_every_transaction_of_the_user_is_found_once_the_oldest_first(world: World) -> None:
    ids = add_many(world, 120)
    world.transactions.add(transaction(id="OTHER_USER", owner="user-2"))

    assert memberships(world) == ids[::-1]


def test_what_the_index_does_not_show_yet_is_found(world: World) -> None:
    world.transactions.add(transaction())
    item = world.memory.peek("TXN#TRX_1", META) or {}
    world.memory.put_item(Item={name: value for name, value in item.items() if name != "listKey"})

    assert memberships(world) == ["TRX_1"]


def test_what_a_former_release_stored_is_found_in_the_index(world: World) -> None:
    world.transactions.add(transaction())
    world.transactions.forget_memberships("user-1", until=NOW)

    assert memberships(world) == ["TRX_1"]


def test_the_search_goes_on_behind_a_position_and_ends_at_a_moment(world: World) -> None:
    ids = add_many(world, 5)[::-1]
    first, second, *_ = world.transactions.memberships("user-1", until=NOW + HOUR)

    assert memberships(world, after=second.position) == ids[2:]
    assert memberships(world, until=NOW + 2 * SECOND) == ids[:3]
    assert first.transaction_id == ids[0]


def test_a_moment_after_the_newest_transaction_is_later_than_every_clock(world: World) -> None:
    assert world.transactions.after_newest("user-1", NOW) == NOW
    world.transactions.add(transaction(created_at=NOW + SECOND))

    assert NOW + SECOND < world.transactions.after_newest("user-1", NOW) < NOW + 2 * SECOND
    assert world.transactions.after_newest("user-1", NOW + MINUTE) == NOW + MINUTE


def test_all_that_is_stored_beside_a_transaction_is_erased_with_it(world: World) -> None:
    begun = world.begin_order("TRX_1")
    world.record_batch(begun, Batch("batch-1", BatchStatus.PLACED, (), NOW), NOW)

    assert world.transactions.erase("TRX_1") == 2
    assert world.memory.addresses("TXN#TRX_1") == []


# Checks ----------------------------------------------------------------------------------------


def test_every_transaction_that_is_due_is_to_be_checked(world: World) -> None:
    ids = [f"TRX_{number}" for number in range(40)]
    for transaction_id in ids:
        world.transactions.add(transaction(id=transaction_id, next_check_at=NOW))

    assert sorted(world.transactions.to_check(NOW)) == sorted(ids)


@pytest.mark.usefixtures("stored")
def test_a_transaction_is_to_be_checked_from_its_next_check_on(world: World) -> None:
    assert list(world.transactions.to_check(NOW + 2 * MINUTE - SECOND)) == []
    assert list(world.transactions.to_check(NOW + 2 * MINUTE)) == ["TRX_1"]


def test_a_transaction_without_a_next_check_is_not_to_be_checked(world: World, stored: Transaction) -> None:
    world.transactions.save(stored, replace(stored, next_check_at=None))

    assert list(world.transactions.to_check(NOW + timedelta(days=365))) == []


# Save ------------------------------------------------------------------------------------------


def test_a_saved_change_is_given_as_it_is_stored(world: World, stored: Transaction) -> None:
    saved = world.transactions.save(stored, replace(stored, status=Status.USED, account_id="a"))

    assert saved == replace(stored, status=Status.USED, account_id="a", item_version=1)
    assert world.transaction("TRX_1") == saved


def test_a_second_change_is_saved_on_the_first(world: World, stored: Transaction) -> None:
    first = world.transactions.save(stored, replace(stored, status=Status.USED))
    second = world.transactions.save(first, replace(first, status=Status.PROCESSING))

    assert world.transaction("TRX_1") == second
    assert second.item_version == 2


def test_a_value_that_a_change_takes_away_is_removed(world: World) -> None:
    world.transactions.add(transaction(note="mine", account_id="a"))
    stored = world.transaction("TRX_1")
    world.transactions.save(stored, replace(stored, note=None, account_id=None))

    found = world.transaction("TRX_1")
    assert (found.note, found.account_id) == (None, None)


@pytest.mark.parametrize("writes_before", [0, 1])
def test_a_change_is_refused_when_another_worker_has_written_since(
    world: World, stored: Transaction, writes_before: int
) -> None:
    read = change_by_another(world) if writes_before else stored
    other = change_by_another(world, Status.PROCESSING)

    with pytest.raises(ConcurrentUpdate):
        world.transactions.save(read, replace(read, status=Status.CANCELLED))
    assert world.transaction("TRX_1") == other


def test_a_change_of_a_transaction_that_was_erased_is_refused(world: World, stored: Transaction) -> None:
    erase(world)

    with pytest.raises(ConcurrentUpdate):
        world.transactions.save(stored, replace(stored, status=Status.USED))
    assert world.transactions.find("TRX_1") is None


# Update ----------------------------------------------------------------------------------------


def use(found: Transaction) -> Transaction:
    return replace(found, note=f"used when {found.status}")


def test_an_update_is_given_as_it_is_stored(world: World, stored: Transaction) -> None:
    updated = world.transactions.update(stored, use)

    assert updated.note == "used when INITIALIZED"
    assert world.transaction("TRX_1") == updated


def test_an_update_that_changes_nothing_is_not_written(world: World, stored: Transaction) -> None:
    world.client.fail_on(*WRITES, *READS)

    assert world.transactions.update(stored, lambda found: found) is stored


def test_an_update_is_decided_anew_on_what_another_worker_has_stored(world: World, stored: Transaction) -> None:
    change_by_another(world)

    updated = world.transactions.update(stored, use)

    assert (updated.status, updated.note) == (Status.USED, "used when USED")
    assert world.transaction("TRX_1") == updated


def test_an_update_that_another_worker_has_made_already_is_not_written(world: World, stored: Transaction) -> None:
    other = change_by_another(world)

    assert world.transactions.update(stored, lambda found: replace(found, status=Status.USED)) == other
    assert world.transaction("TRX_1").item_version == 1


def test_an_update_of_a_transaction_that_was_erased_stores_nothing(world: World, stored: Transaction) -> None:
    erase(world)

    assert world.transactions.update(stored, use).note == "used when INITIALIZED"
    assert world.transactions.find("TRX_1") is None


def come_between(world: World, others: int) -> None:
    """Before each of the next tries to change TRX_1 another worker changes it, that many times."""
    statuses = iter(list(Status)[1 : others + 1])

    def before_call(operation: str, _request: object) -> None:
        if operation == "update_item" and (status := next(statuses, None)):
            world.client.before_call = None
            change_by_another(world, status)
            world.client.before_call = before_call

    world.client.before_call = before_call


def test_an_update_is_stored_at_the_fifth_try(world: World, stored: Transaction) -> None:
    come_between(world, 4)

    assert world.transactions.update(stored, use) == world.transaction("TRX_1")
    assert world.transaction("TRX_1").item_version == 5


def test_an_update_is_given_up_after_the_fifth_try(world: World, stored: Transaction) -> None:
    come_between(world, 5)

    with pytest.raises(StoreUnavailable, match="several requests at once"):
        world.transactions.update(stored, use)
    assert world.transaction("TRX_1").note is None
