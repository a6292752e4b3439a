"""The DynamoDB in memory, which tests and the simulation rely on, does what DynamoDB does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import Check, ConditionFailed, Delete, Put, Update, Write
from testing.memory_table import _INDEXED, MemoryClient
from testing.template import template


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient()


@pytest.fixture
def table(client: MemoryClient) -> Table:
    return Table(client, "table")


def test_the_indexes_are_those_of_the_template() -> None:
    indexes = template()["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]

    described = {
        index["IndexName"]: (
            *(key["AttributeName"] for key in index["KeySchema"]),
            frozenset(index["Projection"].get("NonKeyAttributes", [])),
        )
        for index in indexes
    }

    assert described == _INDEXED


# Items and conditions ----------------------------------------------------------------------------


def test_an_item_is_read_as_a_copy_of_what_was_written(table: Table) -> None:
    written: dict[str, Any] = {"pk": "a", "sk": "b", "list": [1], "blob": b"\0", "yes": True}
    table.write(Put(written))
    read = table.get("a", "b")
    assert read == written

    read["list"].append(2)

    assert table.get("a", "b") == written
    assert table.get("a", "c") is None


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ("attribute_not_exists(#pk)", {}, False),
        ("attribute_exists(#pk)", {}, True),
        ("#n = :n", {"n": 10}, True),
        ("#n < :n", {"n": 9}, False),  # a number, not a text
        ("#n <= :n", {"n": 10}, True),
        ("#text = :n", {"n": 10}, False),
        ("#text < :text", {"text": "n"}, True),
        ("#missing = :text", {"text": ""}, False),
        ("attribute_not_exists(#missing) OR #missing = :text", {"text": ""}, True),
        ("#n = :n AND (#text = :no OR attribute_not_exists(#missing))", {"n": 10, "no": "no"}, True),
        ("#n = :n OR #text = :no AND #n = :other", {"n": 10, "no": "no", "other": 11}, True),
    ],
)
def test_a_condition_holds_or_fails(table: Table, condition: str, values: dict[str, Any], holds: bool) -> None:
    table.write(Put({"pk": "a", "sk": "b", "n": 10, "text": "m"}))
    update = Update("a", "b", "SET #seen = :yes", {"yes": True, **values}, condition)

    if holds:
        assert table.update(update)["seen"] is True
    else:
        with pytest.raises(ConditionFailed):
            table.write(update)
        assert "seen" not in (table.get("a", "b") or {})


def test_a_condition_on_a_missing_item_fails(table: Table) -> None:
    with pytest.raises(ConditionFailed):
        table.write(Put({"pk": "a", "sk": "b"}, "#n = :n", {"n": 1}))
    with pytest.raises(ConditionFailed):
        table.write(Delete("a", "b", "attribute_exists(#pk)"))
    assert table.get("a", "b") is None


def test_an_update_sets_adds_removes_and_creates_the_item(table: Table) -> None:
    update = "SET #first = if_not_exists(#first, :v), #last = :v ADD #count :one REMOVE #gone, #never"
    table.update(Update("a", "b", "SET #gone = :v", {"v": "old"}))
    table.update(Update("a", "b", update, {"v": "one", "one": 1}))

    after = table.update(Update("a", "b", update, {"v": "two", "one": 1}))

    assert after == {"pk": "a", "sk": "b", "first": "one", "last": "two", "count": 2} == table.get("a", "b")


def test_an_update_may_add_before_it_sets(table: Table) -> None:
    assert table.update(Update("a", "b", "ADD #seen :one SET #at = :at", {"one": 1, "at": "now"}))["seen"] == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"UpdateExpression": "SET #a = #b", "ExpressionAttributeNames": {"#a": "a", "#b": "b"}},
        {"UpdateExpression": "SET #a = :a", "ExpressionAttributeNames": {"#a": "a"}},
        {
            "UpdateExpression": "REMOVE #a",
            "ConditionExpression": "size(#a) = :a",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":a": {"N": "1"}},
        },
        {
            "UpdateExpression": "REMOVE #a",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":unused": {"N": "1"}},
        },
    ],
)
def test_an_invalid_or_unsupported_expression_is_refused(client: MemoryClient, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        client.update_item(Key={"pk": {"S": "a"}, "sk": {"S": "b"}}, **request_)


# Several writes ----------------------------------------------------------------------------------


def test_a_transaction_writes_all_or_nothing_and_names_the_failed_conditions(
    table: Table, client: MemoryClient
) -> None:
    table.write(Put({"pk": "a", "sk": "b", "n": 1}))
    together: list[Write] = [
        Put({"pk": "new", "sk": "b"}, "attribute_not_exists(#pk)"),
        Check("a", "b", "#n = :n", {"n": 2}),
        Delete("a", "c", "attribute_exists(#pk)"),
    ]

    with pytest.raises(ConditionFailed) as refused:
        table.write_together(together)

    assert refused.value.which == {1, 2}
    assert table.get("new", "b") is None

    table.write_together([together[0], Check("a", "b", "#n = :n", {"n": 1}), Delete("a", "c")])
    assert table.get("new", "b")
    with pytest.raises(ClientError, match="multiple operations"):
        table.write_together([Delete("a", "b"), Put({"pk": "a", "sk": "b"})])


def test_a_batch_deletes(table: Table) -> None:
    for sk in "bcd":
        table.write(Put({"pk": "a", "sk": sk}))

    table.delete_all([("a", "b"), ("a", "d"), ("a", "x")])

    assert [item["sk"] for item in table.query("a")] == ["c"]


def test_a_write_can_be_made_to_fail(client: MemoryClient, table: Table) -> None:
    def fail(operation: str, _request: dict[str, Any]) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, operation)

    client.before_write = fail

    with pytest.raises(Exception, match="store"):
        table.write(Put({"pk": "a", "sk": "b"}))
    assert table.get("a", "b") is None


# Queries -----------------------------------------------------------------------------------------


def test_a_query_reads_a_partition_in_order(table: Table) -> None:
    for sk in ("SNAPSHOT#2", "STATUS", "SNAPSHOT#1", "PART#1"):
        table.write(Put({"pk": "a", "sk": sk}))
    table.write(Put({"pk": "b", "sk": "SNAPSHOT#9"}))

    assert [item["sk"] for item in table.query("a")] == ["PART#1", "SNAPSHOT#1", "SNAPSHOT#2", "STATUS"]
    assert [item["sk"] for item in table.query("a", descending=True, limit=2)] == ["STATUS", "SNAPSHOT#2"]
    assert [item["sk"] for item in table.query("a", prefix="SNAPSHOT#", limit=1)] == ["SNAPSHOT#1"]
    assert (table.latest_before("a", "SNAPSHOT#", "SNAPSHOT#1$") or {})["sk"] == "SNAPSHOT#1"
    assert table.query("nobody") == []


def test_a_large_partition_comes_in_pages(table: Table, client: MemoryClient) -> None:
    for number in range(30):
        table.write(Put({"pk": "a", "sk": f"{number:02}", "blob": b"x" * 100_000}))
    condition = {
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":pk": {"S": "a"}},
    }

    first = client.query(**condition)

    assert len(first["Items"]) < 30
    assert "LastEvaluatedKey" in first
    assert [item["sk"] for item in table.query("a")] == [f"{number:02}" for number in range(30)]
    assert "LastEvaluatedKey" in client.query(**condition, Limit=1)


def test_the_work_index_is_sparse_and_ordered_and_holds_keys_only(table: Table) -> None:
    for number in (2, 1, 3):
        table.write(Put({"pk": f"t{number}", "sk": "m", "workKey": "OPEN", "workOrder": f"{number}", "more": "x"}))
    table.write(Put({"pk": "t4", "sk": "m", "workKey": "CLOSED", "workOrder": "1"}))
    table.write(Update("t2", "m", "REMOVE #workKey, #workOrder"))

    assert list(table.work("OPEN", until="1")) == [{"pk": "t1", "sk": "m", "workKey": "OPEN", "workOrder": "1"}]
    assert [item["pk"] for item in table.work("OPEN")] == ["t1", "t3"]
    assert list(table.work("NOBODY")) == []


def test_the_lists_index_comes_in_pages_even_when_an_item_is_deleted_meanwhile(table: Table) -> None:
    for number in range(5):
        listed = {"listKey": "USER", "listOrder": str(number), "status": "NEW", "secret": "x"}
        table.write(Put({"pk": f"t{number}", "sk": "m", **listed}))

    page, following = table.list("USER", descending=True, limit=2)
    table.write(Delete("t3", "m"))
    rest, end = table.list("USER", descending=True, after=following)

    assert end is None
    assert [item["pk"] for item in page + rest] == ["t4", "t3", "t2", "t1", "t0"]
    assert page[0].keys() == {"pk", "sk", "listKey", "listOrder", "status"}
