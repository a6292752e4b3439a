"""A write whose answer was lost is sent again by the SDK; the table does not take that for somebody else's write."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import get_session

from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Delete, Put, Update
from testing.memory_table import MemoryClient

NEW = "attribute_not_exists(#pk)"
ITEM = {"pk": "A", "sk": "B", "amount": 1, "dropped": "before"}


@pytest.fixture
def memory() -> MemoryClient:
    return MemoryClient()


@pytest.fixture
def table(memory: MemoryClient) -> Table:
    return Table(memory, "table")


def test_an_item_that_was_added_counts_as_added(memory: MemoryClient, table: Table) -> None:
    memory.loses_answers = True

    table.write(Put(ITEM, NEW))

    assert table.get("A", "B") == ITEM


def test_an_item_that_another_has_added_is_refused(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM | {"amount": 2}, NEW))
    memory.loses_answers = True

    with pytest.raises(ConditionFailed):
        table.write(Put(ITEM, NEW))


def test_a_change_that_was_made_counts_as_made(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM))
    memory.loses_answers = True

    changed = Update("A", "B", "SET #amount = :amount REMOVE #dropped", {"amount": 2, "read": 1}, "#amount = :read")

    assert table.update(changed) == {"pk": "A", "sk": "B", "amount": 2}


def test_a_change_that_another_has_overtaken_is_refused(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM | {"amount": 7}))
    memory.loses_answers = True

    with pytest.raises(ConditionFailed):
        table.write(Update("A", "B", "SET #amount = :amount", {"amount": 2, "read": 1}, "#amount = :read"))


def test_an_attribute_that_is_still_there_was_not_removed(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM))
    memory.loses_answers = True

    with pytest.raises(ConditionFailed):
        table.write(Update("A", "B", "SET #amount = :same REMOVE #dropped", {"same": 1, "read": 9}, "#amount = :read"))


def test_an_item_that_was_deleted_counts_as_deleted(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM))
    memory.loses_answers = True

    table.write(Delete("A", "B", "attribute_exists(#pk)"))

    assert table.get("A", "B") is None


def test_a_refusal_at_the_first_try_needs_no_further_look(memory: MemoryClient, table: Table) -> None:
    table.write(Put(ITEM))
    before = memory.calls

    with pytest.raises(ConditionFailed):
        table.write(Put(ITEM, NEW))

    assert memory.calls == before + 1


# As botocore does it ---------------------------------------------------------------------------


class _Dynamo(BaseHTTPRequestHandler):
    """Takes the first write and breaks the connection; refuses its repetition, as DynamoDB does."""

    def do_POST(self) -> None:
        requests: list[tuple[str, dict[str, Any]]] = self.server.requests  # type: ignore[attr-defined]
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append((operation, request))
        if operation == "GetItem":
            self._answer(200, {"Item": requests[0][1]["Item"]})
        elif len(requests) == 1:
            self.close_connection = True
        elif operation == "TransactWriteItems":
            self._answer(200, {})
        else:
            self._answer(400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: what matters is in `requests`."""


@pytest.fixture
def dynamo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Dynamo)
    server.requests = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def remote(dynamo: ThreadingHTTPServer) -> Table:
    session = get_session()
    session.set_credentials("made-up", "made-up")
    config = Config(retries={"mode": "standard", "total_max_attempts": 2})
    endpoint = f"http://127.0.0.1:{dynamo.server_address[1]}"
    return Table(session.create_client("dynamodb", "ap-south-1", endpoint_url=endpoint, config=config), "table")


def test_the_sdk_tells_that_it_has_repeated_a_write(dynamo: Any, remote: Table) -> None:
    remote.write(Put(ITEM, NEW))

    assert [operation for operation, _ in dynamo.requests] == ["PutItem", "PutItem", "GetItem"]


def test_a_repeated_transaction_has_the_token_of_the_first(dynamo: Any, remote: Table) -> None:
    remote.write_together([Put(ITEM, NEW)])

    assert len({request["ClientRequestToken"] for _, request in dynamo.requests}) == 1
    assert len(dynamo.requests) == 2
