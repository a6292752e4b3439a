"""A bad message does not hold up the others, and a message that failed is not taken for done."""

import io
import json
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import NotYet
from gateway_backend.runtime import batches
from gateway_backend.runtime.observability import logger

QUEUE = "https://queue.example"


@pytest.fixture
def retried_soon(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    moved: list[tuple[str, int]] = []

    def come_back_soon(queue_url: str, handle: str, attempt: int) -> None:
        assert queue_url == QUEUE
        moved.append((handle, attempt))

    monkeypatch.setattr(batches, "_come_back_soon", come_back_soon)
    return moved


def record(number: int, attempt: int = 1) -> dict[str, Any]:
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"handle-{number}",
        "body": f"body-{number}",
        "attributes": {"ApproximateReceiveCount": str(attempt)},
    }


def test_failed_messages_only_are_returned(retried_soon: list[tuple[str, int]]) -> None:
    handled = []

    def work(body: str, attempt: int) -> None:
        handled.append((body, attempt))
        if body in ("body-1", "body-3"):
            raise ZeroDivisionError

    answer = batches.queue_worker(QUEUE)(work)({"Records": [record(n, attempt=n + 1) for n in range(4)]}, None)

    assert handled == [("body-0", 1), ("body-1", 2), ("body-2", 3), ("body-3", 4)]
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["message-1", "message-3"]
    assert retried_soon == [("handle-1", 2), ("handle-3", 4)]


def test_a_successful_batch_reports_no_failure(retried_soon: list[tuple[str, int]]) -> None:
    answer = batches.queue_worker(QUEUE)(lambda _body, _attempt: None)({"Records": [record(1)]}, None)

    assert answer == {"batchItemFailures": []}
    assert retried_soon == []


@pytest.mark.parametrize(
    ("error", "counter"), [(NotYet("not ready"), "MessageFailed"), (KeyError("canary"), "UnexpectedError")]
)
def test_a_bug_is_counted_apart_from_an_expected_failure(
    error: Exception, counter: str, retried_soon: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(batches, "count", counted.append)
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)

    def work(_body: str, _attempt: int) -> None:
        raise error

    batches.queue_worker(QUEUE)(work)({"Records": [record(1)]}, None)

    assert counted == [counter]
    line = json.loads(log.getvalue())
    assert (line["error"], line["messageId"]) == (type(error).__name__, "message-1")
    assert any("test_batches.py:" in frame for frame in line["where"])
    assert "canary" not in log.getvalue()


def test_the_first_retries_come_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[tuple[str, int]] = []

    class Sqs:
        def change_message_visibility(self, **request: Any) -> None:
            requested.append((request["QueueUrl"], request["VisibilityTimeout"]))

    monkeypatch.setattr(batches, "client", lambda _service: Sqs())
    for attempt in range(1, 6):
        batches._come_back_soon(QUEUE, "handle", attempt)

    assert requested == [(QUEUE, seconds) for seconds in (5, 20, 80, 320, 0)], (
        "after its last try a message is a dead letter at once"
    )
