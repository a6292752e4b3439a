"""The capacity units that the DynamoDB in memory counts are those that DynamoDB bills."""

from typing import Any

import pytest

from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Delete, Put, Update
from testing.memory_table import Attributes, MemoryClient, item_bytes


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient()


@pytest.fixture
def table(client: MemoryClient) -> Table:
    return Table(client, "table")


def test_an_items_size_is_what_dynamodb_bills() -> None:
    item: Attributes = {
        "pk": {"S": "é"},
        "n": {"N": "-12.5"},
        "b": {"B": b"123"},
        "ok": {"BOOL": True},
        "l": {"L": [{"S": "ab"}]},
    }

    # names 2+1+1+2+1; values 2 (UTF-8), 3 (two digits a byte, and one), 3, 1, 3 + 1 + 2
    assert item_bytes(item) == 7 + 2 + 3 + 3 + 1 + 6


def test_write_units_are_by_the_kilobyte_of_the_larger_item_and_double_in_a_transaction(
    table: Table, client: MemoryClient
) -> None:
    def units(*writes: Put | Update | Delete) -> int:
        before = client.write_units
        if len(writes) == 1:
            table.write(writes[0])
        else:
            table.write_together(writes)
        return client.write_units - before

    assert units(Put({"pk": "a", "sk": "b", "blob": b"x" * 1500})) == 2
    assert units(Update("a", "b", "SET #c = :c REMOVE #blob", {"c": 1})) == 2
    assert units(Update("a", "b", "SET #c = :c", {"c": 2})) == 1
    assert units(Put({"pk": "a", "sk": "c"}), Delete("a", "b")) == 4
    with pytest.raises(ConditionFailed):
        table.write(Delete("a", "c", "attribute_exists(#x)"))
    assert client.write_units == 2 + 2 + 1 + 4 + 1


def test_an_index_costs_a_unit_for_what_changes_in_it(table: Table, client: MemoryClient) -> None:
    def units(update: str, **values: Any) -> int:
        before = client.write_units
        table.write(Update("a", "b", update, values))
        return client.write_units - before

    assert units("SET #more = :v", v=1) == 1
    assert units("SET #workKey = :k, #workOrder = :o", k="OPEN", o="1") == 2
    assert units("SET #workKey = :k, #workOrder = :o, #more = :v", k="OPEN", o="1", v=2) == 1
    assert units("SET #workOrder = :o", o="2") == 3
    assert units("REMOVE #workKey, #workOrder") == 2
    assert units("SET #listKey = :k, #listOrder = :o, #status = :s", k="USER", o="1", s="NEW") == 2
    assert units("SET #status = :s", s="DONE") == 2
    assert units("SET #secret = :s", s="DONE") == 1


def test_read_units_are_by_four_kilobytes_and_half_when_eventual(table: Table, client: MemoryClient) -> None:
    table.write(Put({"pk": "a", "sk": "b", "blob": b"x" * 5000, "workKey": "OPEN", "workOrder": "1"}))

    table.get("a", "b")
    assert client.read_units == 2
    table.get("a", "nothing")
    assert client.read_units == 3
    list(table.work("OPEN"))
    assert client.read_units == 3.5
    table.query("a")
    assert client.read_units == 5.5


def test_expired_or_forgotten_items_are_removed_without_a_charge(table: Table, client: MemoryClient) -> None:
    table.write(Put({"pk": "a", "sk": "b", "expiresAt": 100, "workKey": "OPEN", "workOrder": "1"}))
    table.write(Put({"pk": "a", "sk": "c"}))
    units = client.write_units

    client.expire(now=100)
    assert client.addresses("a") == [("a", "b"), ("a", "c")]
    client.expire(now=101)
    client.forget("a", "c")

    assert client.addresses("a") == []
    assert list(table.work("OPEN")) == []
    assert client.write_units == units
