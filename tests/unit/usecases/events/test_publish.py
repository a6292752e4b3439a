"""From changes to events on the bus: in order, again after a refusal, and past a change that cannot be read."""

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from gateway_backend.runtime import event_bus, streams
from gateway_backend.runtime.event_bus import EventBus
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.streams import stream_worker
from gateway_backend.usecases.events import publish
from gateway_backend.usecases.events.publish import publish_events
from testing.counters import counters_of
from testing.fakes import EventBridgeClient
from testing.stream_records import (
    COMPLETED,
    DONE,
    IMPORTED,
    REFRESHED,
    linked,
    linked_event_id,
    record,
    sequence_number,
    unreadable,
)


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return counters_of(monkeypatch, event_bus, streams, publish)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    return lines


def deliver(bus: EventBridgeClient, records: Sequence[dict[str, Any]]) -> list[str]:
    """As functions/publish_events does: the sequence numbers that Lambda gets."""
    worker = stream_worker(lambda changes: publish_events(changes, bus=EventBus(bus, "app-events")))
    answer = worker({"Records": list(records)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_events_reach_the_bus_in_order_ten_at_a_time(counters: Counter[str]) -> None:
    bus = EventBridgeClient()
    assert deliver(bus, [linked(number) for number in range(23)]) == []
    assert [len(call) for call in bus.calls] == [10, 10, 3]
    assert bus.published_ids == [linked_event_id(number) for number in range(23)]
    assert counters == {"EventPublished": 23}


def test_without_events_the_bus_is_not_called(counters: Counter[str]) -> None:
    bus = EventBridgeClient()
    assert deliver(bus, [record(IMPORTED, REFRESHED, number) for number in range(100)]) == []
    assert bus.calls == []
    assert counters == {}


def test_the_changes_from_the_first_refused_event_on_are_delivered_again(
    counters: Counter[str], log: io.StringIO
) -> None:
    bus = EventBridgeClient(refused=[linked_event_id(5), linked_event_id(2)])
    assert deliver(bus, [linked(number) for number in range(12)]) == [sequence_number(2)]
    assert bus.published_ids == [linked_event_id(number) for number in range(12) if number not in (2, 5)]
    assert counters == {"EventPublished": 10, "EventFailed": 2}
    assert "ThrottlingException" in log.getvalue()


def test_a_change_is_done_only_when_all_its_events_are_published() -> None:
    bus = EventBridgeClient(refused=["-TransactionFinished"])
    assert deliver(bus, [record(COMPLETED, DONE, 7)]) == [sequence_number(7)]
    assert bus.published_ids == ["stream-7-HoldingsImported"]


@pytest.mark.parametrize(
    "error",
    [ConnectTimeoutError(endpoint_url="bus"), ClientError({"Error": {"Code": "InternalFailure"}}, "PutEvents")],
    ids=["no answer", "error"],
)
def test_while_the_bus_is_away_all_changes_are_delivered_again(error: Exception, counters: Counter[str]) -> None:
    bus = EventBridgeClient(error=error)
    quiet = record(IMPORTED, REFRESHED, 1)
    assert deliver(bus, [quiet, *(linked(number) for number in range(2, 32))]) == [sequence_number(2)]
    assert len(bus.calls) == 1, "the other calls would wait for nothing"
    assert counters == {"EventFailed": 30}


def test_a_repeated_event_has_the_id_of_the_first() -> None:
    bus = EventBridgeClient()
    records = [linked(1), record(COMPLETED, DONE, 2)]
    deliver(bus, records)
    first = bus.published_ids
    deliver(bus, records)
    assert bus.published_ids == first * 2
    assert len(set(first)) == 3


# Unreadable changes ----------------------------------------------------------------------------


def test_an_unreadable_change_is_counted_and_left_behind(counters: Counter[str], log: io.StringIO) -> None:
    """Delivered again and again it would hold up the others for a day."""
    bus = EventBridgeClient()
    assert deliver(bus, [linked(1), unreadable(2), linked(3)]) == []
    assert bus.published_ids == [linked_event_id(1), linked_event_id(3)]
    assert counters == {"EventPublished": 2, "EventFailed": 1, "UnexpectedError": 1}
    line = json.loads(log.getvalue())
    assert (line["error"], line["change"]) == ("ValueError", "stream-2")
    assert "canary" not in log.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: image.pop("sk"),
        lambda image: image.pop("owner"),
        lambda image: image.update(owner={"N": "1"}),
        lambda image: image.update(linkedAt={"N": "1"}),
        lambda image: image.update(broker={"L": [{"N": "many"}]}),
        lambda image: image.update(state={}),
        lambda image: image.update(pk={"NULL": True}),
    ],
)
def test_no_image_stops_the_other_changes(spoil: Callable[[dict[str, Any]], Any]) -> None:
    bus, bad = EventBridgeClient(), linked(2)
    spoil(bad["dynamodb"]["NewImage"])
    assert deliver(bus, [linked(1), bad, linked(3)]) == []
    assert bus.published_ids == [linked_event_id(1), linked_event_id(3)]


def test_beside_an_unreadable_change_a_refused_event_is_delivered_again() -> None:
    assert deliver(EventBridgeClient(refused=[linked_event_id(1)]), [linked(1), unreadable(2)]) == [sequence_number(1)]
    assert deliver(EventBridgeClient(refused=[linked_event_id(3)]), [unreadable(2), linked(3)]) == [sequence_number(3)]
