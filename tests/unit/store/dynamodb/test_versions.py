"""A change is written only if the item is still as it was read."""

import pytest

from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.versions import VERSION, difference
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put
from testing.memory_table import MemoryClient

FIRST: Item = {"pk": "A", "sk": "B", "amount": 1, "gone": "x", "missing": None}
SECOND: Item = {"pk": "A", "sk": "B", "amount": 2, "gone": None, "new": "y"}


@pytest.fixture
def table() -> Table:
    table = Table(MemoryClient(), "table")
    table.write(Put(FIRST))
    return table


def test_what_has_changed_is_written_and_the_version_counts_it(table: Table) -> None:
    table.write(difference(FIRST, SECOND, read_version=0))

    assert table.get("A", "B") == {"pk": "A", "sk": "B", "amount": 2, "new": "y", VERSION: 1}


def test_a_second_change_of_the_same_reading_is_refused(table: Table) -> None:
    table.write(difference(FIRST, SECOND, read_version=0))

    with pytest.raises(ConditionFailed):
        table.write(difference(FIRST, FIRST | {"amount": 3}, read_version=0))
    table.write(difference(SECOND, SECOND | {"amount": 3}, read_version=1))
    assert table.get("A", "B") == {"pk": "A", "sk": "B", "amount": 3, "new": "y", VERSION: 2}


def test_what_has_been_deleted_is_not_written_again(table: Table) -> None:
    table.delete_all([("A", "B")])

    with pytest.raises(ConditionFailed):
        table.write(difference(FIRST, SECOND, read_version=0))
    assert table.get("A", "B") is None


def test_a_further_condition_must_hold_too(table: Table) -> None:
    with pytest.raises(ConditionFailed):
        table.write(difference(FIRST, SECOND, read_version=0, condition="#gone = :other", other="z"))
    table.write(difference(FIRST, SECOND, read_version=0, condition="#gone = :other", other="x"))


def test_only_what_has_changed_is_sent() -> None:
    update = difference(FIRST, FIRST | {"amount": 2}, read_version=4)

    assert dict(update.values) == {"amount": 2, VERSION: 5, "readVersion": 4}
