"""Texts that do not fit into an item are split; a reader finds a whole one or none."""

import random

import pytest

from gateway_backend.store.dynamodb.blobs import PART_BYTES, part_keys, put_with_blob, read_blob
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed
from testing.fakes import Crash, InterruptibleClient
from testing.memory_table import MemoryClient

ITEM = {"pk": "A", "sk": "B", "storedAt": "now", "expiresAt": 5}
LARGE = random.Random(1).randbytes(2 * PART_BYTES + 5)
"""Incompressible: three parts."""


@pytest.fixture
def client() -> InterruptibleClient:
    return InterruptibleClient(MemoryClient())


@pytest.fixture
def table(client: InterruptibleClient) -> Table:
    return Table(client, "table")


@pytest.mark.parametrize("body", [b"", b"text", LARGE], ids=["empty", "small", "large"])
def test_a_text_is_read_as_it_was_written(table: Table, body: bytes) -> None:
    put_with_blob(table, ITEM, body, part_prefix="PART")

    item = table.get("A", "B")
    assert item is not None
    assert item["storedAt"] == "now"
    assert read_blob(table, item, part_prefix="PART") == body


def test_the_parts_of_a_large_text_expire_with_it(table: Table) -> None:
    put_with_blob(table, ITEM, LARGE, part_prefix="PART")

    item = table.get("A", "B")
    assert item is not None
    keys = part_keys(item, "PART")
    assert len(keys) == 2
    assert [table.get(*key)["expiresAt"] for key in keys] == [5, 5]  # type: ignore[index]


def test_a_small_text_has_no_parts_beside_it(table: Table) -> None:
    put_with_blob(table, ITEM, b"text", part_prefix="PART")

    item = table.get("A", "B")
    assert item is not None
    assert part_keys(item, "PART") == []


def test_a_worker_that_dies_between_the_parts_leaves_no_item(table: Table, client: InterruptibleClient) -> None:
    writes: list[str] = []

    def die_at_the_last(operation: str, _request: object) -> None:
        writes.append(operation)
        if len(writes) == 3:
            raise Crash

    client.before_call = die_at_the_last
    with pytest.raises(Crash):
        put_with_blob(table, ITEM, LARGE, part_prefix="PART")
    client.before_call = None

    assert table.get("A", "B") is None


def test_a_condition_refuses_the_item(table: Table) -> None:
    put_with_blob(table, ITEM, b"first", part_prefix="PART")

    with pytest.raises(ConditionFailed):
        put_with_blob(table, ITEM, b"second", part_prefix="PART", condition="attribute_not_exists(#pk)")
    item = table.get("A", "B")
    assert item is not None
    assert read_blob(table, item, part_prefix="PART") == b"first"


def test_a_missing_part_is_noticed(table: Table) -> None:
    put_with_blob(table, ITEM, LARGE, part_prefix="PART")
    item = table.get("A", "B")
    assert item is not None
    table.delete_all(part_keys(item, "PART")[:1])

    with pytest.raises(LookupError, match="part 1"):
        read_blob(table, item, part_prefix="PART")
