"""The events of an order: every step, with its revision and nothing of what is traded."""

import pytest

from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.usecases.events.publish import events_of
from testing.stream_records import ABOUT_ACCOUNT, FILLED, PLACED, change, events_between

ABOUT_BATCH = {**ABOUT_ACCOUNT, "transactionId": "TRX_1", "batchId": "batch-1"}


def test_a_placed_order_is_the_first_step() -> None:
    event = {"status": "PLACED", "final": False, "revision": 1, "occurredAt": "2022-03-24T11:24:05.120Z"}
    assert events_between(None, PLACED) == {"OrderUpdated": ABOUT_BATCH | event}


def test_a_filled_order_is_the_next_step() -> None:
    event = {"status": "MARKEDCOMPLETE", "final": True, "revision": 2, "occurredAt": "2022-03-24T11:25:05.120Z"}
    assert events_between(PLACED, FILLED) == {"OrderUpdated": ABOUT_BATCH | event}


def test_a_step_has_nothing_of_what_was_traded() -> None:
    (detail,) = events_of(change(None, PLACED))
    assert "AXISBANK" not in detail.model_dump_json()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FILLED, {name: value for name, value in FILLED.items() if name != "body"}),
        (FILLED, FILLED),
        (FILLED, None),
    ],
    ids=["forgotten", "the same", "removed"],
)
def test_a_write_that_is_no_step_of_an_order_is_no_event(before: Item, after: Item | None) -> None:
    assert events_between(before, after) == {}


def test_an_order_without_an_account_yet_is_an_event() -> None:
    unknown = {name: value for name, value in PLACED.items() if name not in ("smallcaseAuthId", "broker")}
    found = events_between(None, unknown)["OrderUpdated"]
    assert (found["smallcaseAuthId"], found["broker"]) == (None, None)
