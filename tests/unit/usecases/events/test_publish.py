"""From a write to the table to events on the bus: what is said, what is not, and what happens when it fails."""

import io
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.session import get_session
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.runtime import event_bus, streams
from gateway_backend.runtime.event_bus import Event, EventBus
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.streams import Change, stream_worker
from gateway_backend.store.dynamodb.codec import Item, encode
from gateway_backend.usecases.events import publish as use_case
from gateway_backend.usecases.events.publish import events_of, publish_events

ACCOUNT_ID = "63f4c1d2b7a09e5518c3aa07"
WRITTEN_AT = 1648117272
STATUS: Item = {
    "pk": f"ACCOUNT#{ACCOUNT_ID}",
    "sk": "STATUS",
    "owner": "user-1",
    "broker": "kite",
    "state": "ACTIVE",
    "stateSince": "2022-02-01T05:12:44.031Z",
    "linkedAt": "2022-02-01T05:12:44.031Z",
    "transactionId": "TRX_1",
}
IMPORTED: Item = STATUS | {
    "asOf": "2022-03-23T10:22:40.518000Z",
    "snapshotDate": "2022-03-23T10:22:40.518Z",
    "lastUpdate": "2022-03-23T10:22:40.518Z",
    "snapshotKey": "SNAPSHOT#2022-03-23T10:22:40.518000Z#0a1b2c3d",
    "contentHash": "one",
    "version": "v2",
    "size": 6,
    "funds": 0,
    "lastSuccessAt": "2022-03-23T10:22:43.377Z",
    "lastAttemptAt": "2022-03-23T10:22:43.377Z",
}
REFRESHED: Item = IMPORTED | {
    "asOf": "2022-03-24T10:21:09.660000Z",
    "snapshotDate": "2022-03-24T10:21:09.660Z",
    "lastSuccessAt": "2022-03-24T10:21:12.940Z",
    "lastAttemptAt": "2022-03-24T10:21:12.940Z",
}
NEEDS_LOGIN: Item = IMPORTED | {
    "state": "NEEDS_LOGIN",
    "stateSince": "2022-03-24T10:21:12.940Z",
    "stateReason": "GATEWAY_FORBIDDEN",
    "lastFailure": "GATEWAY_FORBIDDEN",
}
TRANSACTION: Item = {
    "pk": "TXN#TRX_1",
    "sk": "META",
    "owner": "user-1",
    "intent": "HOLDINGS_IMPORT",
    "version": "v2",
    "createdAt": "2022-03-24T11:23:10.402000Z",
    "expireAt": "2022-03-24T11:28:10.402Z",
    "note": "for Asha's house",
    "status": "INITIALIZED",
    "statusRank": 0,
}
COMPLETED: Item = TRANSACTION | {
    "status": "COMPLETED",
    "statusRank": 7,
    "smallcaseAuthId": ACCOUNT_ID,
    "broker": "kite",
    "updatedAt": "2022-03-24T11:24:05.120Z",
}
DONE: Item = COMPLETED | {"stored": True, "updatedAt": "2022-03-24T11:24:06.044Z"}


def record(before: Item | None, after: Item | None, number: int = 1) -> dict[str, Any]:
    images = {"OldImage": before, "NewImage": after}
    return {
        "eventID": f"stream-{number}",
        "dynamodb": {
            "SequenceNumber": f"{number:021}",
            "ApproximateCreationDateTime": WRITTEN_AT,
            **{name: encode(item) for name, item in images.items() if item},
        },
    }


def change(before: Item | None, after: Item | None, number: int = 1) -> Change:
    return Change.of(record(before, after, number))


def said(before: Item | None, after: Item | None) -> dict[str, dict[str, Any]]:
    """Name → what the event says beyond version, id and user, which are checked here."""
    told = {}
    for detail in events_of(change(before, after)):
        name, body = type(detail).__name__, json.loads(detail.model_dump_json(by_alias=True))
        assert (body.pop("version"), body.pop("id"), body.pop("userId")) == ("1", f"stream-1-{name}", "user-1")
        told[name] = body
    return told


ABOUT_ACCOUNT = {"broker": "kite", "smallcaseAuthId": ACCOUNT_ID}


# Connections -----------------------------------------------------------------------------------


def test_a_new_connection_is_linked_by_its_transaction() -> None:
    event = {**ABOUT_ACCOUNT, "occurredAt": "2022-02-01T05:12:44.031Z", "transactionId": "TRX_1"}
    assert said(None, STATUS) == {"ConnectionLinked": event}
    assert said(None, STATUS | {"broker": ""})["ConnectionLinked"]["broker"] is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (IMPORTED, REFRESHED),
        (STATUS, IMPORTED),
        (IMPORTED, IMPORTED | {"lastAttemptAt": "2022-03-24T10:21:12.940Z", "lastFailure": "GATEWAY_UNAVAILABLE"}),
        (NEEDS_LOGIN, NEEDS_LOGIN | {"lastAttemptAt": "2022-03-25T10:21:12.940Z"}),
        (IMPORTED | {"staleSince": "2022-03-24T10:40:00.312Z"}, REFRESHED),
        ({"pk": "USER#user-1", "sk": f"ACCOUNT#{ACCOUNT_ID}"}, None),
    ],
    ids=["asOf alone", "first import", "outage", "still lapsed", "fresh again", "another item"],
)
def test_what_changes_nothing_for_others_is_not_told(before: Item, after: Item | None) -> None:
    assert said(before, after) == {}


def test_holdings_have_changed_when_their_content_has() -> None:
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T10:21:12.940Z",
        "snapshotDate": "2022-03-24T10:21:09.660Z",
        "previousSnapshotDate": "2022-03-23T10:22:40.518Z",
    }
    assert said(IMPORTED, REFRESHED | {"contentHash": "two"}) == {"HoldingsChanged": event}


def test_a_lapse_and_its_mending_are_told_once_each() -> None:
    lapse = {**ABOUT_ACCOUNT, "occurredAt": "2022-03-24T10:21:12.940Z", "reason": "GATEWAY_FORBIDDEN"}
    assert said(IMPORTED, NEEDS_LOGIN) == {"ConnectionNeedsLogin": lapse}
    healed = REFRESHED | {"stateSince": "2022-03-25T13:02:18.455Z"}
    repaired = {**ABOUT_ACCOUNT, "occurredAt": "2022-03-25T13:02:18.455Z"}
    assert said(NEEDS_LOGIN, healed) == {"ConnectionRepaired": repaired}
    assert list(said(NEEDS_LOGIN, healed | {"contentHash": "two"})) == ["ConnectionRepaired", "HoldingsChanged"]


def test_a_snapshot_goes_stale_once_per_lapse() -> None:
    stale = IMPORTED | {"staleSince": "2022-03-24T10:40:00.312Z"}
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T10:40:00.312Z",
        "snapshotDate": "2022-03-23T10:22:40.518Z",
        "reason": "SESSIONS_MISSED",
    }
    assert said(IMPORTED, stale) == {"HoldingsStale": event}
    assert said(stale, stale | {"lastAttemptAt": "2022-03-25T10:40:00.312Z"}) == {}
    again = said(stale, stale | {"staleSince": "2022-03-28T10:40:00.312Z"})["HoldingsStale"]
    assert again["occurredAt"] == "2022-03-28T10:40:00.312Z"


def test_a_session_that_ended_is_why_the_snapshot_is_stale() -> None:
    told = said(IMPORTED, NEEDS_LOGIN | {"staleSince": NEEDS_LOGIN["stateSince"]})
    assert list(told) == ["ConnectionNeedsLogin", "HoldingsStale"]
    assert told["HoldingsStale"]["reason"] == "GATEWAY_FORBIDDEN"


def test_what_never_was_imported_can_go_stale_too() -> None:
    told = said(STATUS, STATUS | {"staleSince": "2022-03-24T10:40:00.312Z"})
    assert told["HoldingsStale"]["snapshotDate"] is None


@pytest.mark.parametrize("status", [STATUS, IMPORTED, NEEDS_LOGIN])
def test_an_unlinked_connection_was_deleted_when_it_was_written(status: Item) -> None:
    assert said(status, None) == {"ConnectionDeleted": {**ABOUT_ACCOUNT, "occurredAt": "2022-03-24T10:21:12.000Z"}}


# Transactions ----------------------------------------------------------------------------------


def test_a_completed_import_has_finished_only_when_its_holdings_are_stored() -> None:
    assert said(TRANSACTION, COMPLETED) == {}
    about = {**ABOUT_ACCOUNT, "transactionId": "TRX_1", "occurredAt": "2022-03-24T11:24:06.044Z"}
    finished = about | {"intent": "HOLDINGS_IMPORT", "status": "COMPLETED", "errorCode": None, "reason": None}
    assert said(COMPLETED, DONE) == {"HoldingsImported": about, "TransactionFinished": finished}


def test_a_failure_is_told_by_its_code_and_never_in_words() -> None:
    failed = COMPLETED | {"status": "ERRORED", "error": {"code": 1003, "message": "Asha denied consent"}}
    (told,) = said(TRANSACTION, failed).values()
    assert (told["status"], told["errorCode"], told["reason"]) == ("ERRORED", 1003, None)
    (detail,) = events_of(change(TRANSACTION, failed))
    assert "Asha" not in detail.model_dump_json()


def test_a_refused_link_ends_the_transaction_whatever_its_status() -> None:
    refused = TRANSACTION | {"refused": "ACCOUNT_OF_ANOTHER_USER", "updatedAt": "2022-03-24T11:24:05.120Z"}
    (told,) = said(TRANSACTION, refused).values()
    assert (told["status"], told["reason"]) == ("INITIALIZED", "ACCOUNT_OF_ANOTHER_USER")
    assert told["smallcaseAuthId"] is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, TRANSACTION),
        (TRANSACTION, TRANSACTION | {"status": "USED", "updatedAt": "2022-03-24T11:24:05.120Z"}),
        (DONE, DONE | {"updatedAt": "2022-03-25T00:00:00.000Z"}),
        (DONE, None),
    ],
    ids=["begun", "under way", "after its end", "removed"],
)
def test_a_transaction_that_goes_on_or_has_ended_before_says_nothing(before: Item | None, after: Item | None) -> None:
    assert said(before, after) == {}


def test_one_that_is_there_at_once_with_its_end_is_told_too() -> None:
    assert list(said(None, DONE)) == ["HoldingsImported", "TransactionFinished"]


@given(
    path=st.lists(
        st.fixed_dictionaries(
            {"status": st.sampled_from(Status), "stored": st.booleans(), "refused": st.sampled_from([None, "NO"])}
        ),
        max_size=8,
    ),
    intent=st.sampled_from(Intent),
)
def test_each_end_of_a_transaction_is_told_once_on_any_way_forward(path: list[dict[str, Any]], intent: Intent) -> None:
    """As the store lets it move: its status only forward, and neither an import nor a refusal is taken back."""
    now: Item = COMPLETED | {"intent": intent, "status": Status.INITIALIZED}
    ends: list[Status] = []
    imports = 0
    for step in path:
        later = now | {"status": max(Status(now["status"]), step["status"], key=lambda status: status.rank)}
        later |= {"stored": step["stored"] or now.get("stored"), "refused": now.get("refused") or step["refused"]}
        told = said(now, later)
        ends += [later["status"]] if "TransactionFinished" in told else []
        imports, now = imports + ("HoldingsImported" in told), later
    assert imports == (intent is Intent.HOLDINGS_IMPORT and bool(now.get("stored")))
    assert len(ends) == len(set(ends))


def test_holdings_are_imported_by_imports_only() -> None:
    for intent in ("MF_HOLDINGS_IMPORT", "TRANSACTION"):
        assert list(said(COMPLETED | {"intent": intent}, DONE | {"intent": intent})) == ["TransactionFinished"]


def test_a_transaction_with_an_order_has_finished_only_when_that_is_stored() -> None:
    order = TRANSACTION | {"intent": "TRANSACTION"}
    failed = order | {
        "status": "ERRORED",
        "updatedAt": "2022-03-24T11:24:05.120Z",
        "error": {"code": 4006, "message": ""},
    }

    assert said(order, failed) == {}
    assert said(failed, failed | {"stored": True})["TransactionFinished"]["errorCode"] == 4006


# Orders ----------------------------------------------------------------------------------------


def body(status: str) -> bytes:
    """What a batch says, as its item holds it."""
    stock = {"ticker": "AXISBANK", "status": "PLACED", "asked_at": "2022-03-24T11:24:05.120000Z"}
    said = {"id": "batch-1", "status": status, "asked_at": "2022-03-24T11:24:05.120000Z", "orders": [stock]}
    return zlib.compress(json.dumps(said).encode())


PLACED: Item = {
    "pk": "TXN#TRX_1",
    "sk": "BATCH#batch-1",
    "owner": "user-1",
    "smallcaseAuthId": ACCOUNT_ID,
    "broker": "kite",
    "status": "PLACED",
    "final": False,
    "revision": 1,
    "createdAt": "2022-03-24T11:24:05.120000Z",
    "updatedAt": "2022-03-24T11:24:05.120000Z",
    "body": body("PLACED"),
}
FILLED: Item = PLACED | {
    "status": "MARKEDCOMPLETE",
    "final": True,
    "revision": 2,
    "updatedAt": "2022-03-24T11:25:05.120000Z",
    "body": body("MARKEDCOMPLETE"),
}


def test_each_step_of_an_order_is_told_with_its_number() -> None:
    about = {**ABOUT_ACCOUNT, "transactionId": "TRX_1", "batchId": "batch-1"}
    placed = about | {"status": "PLACED", "final": False, "revision": 1, "occurredAt": "2022-03-24T11:24:05.120Z"}
    filled = about | {
        "status": "MARKEDCOMPLETE",
        "final": True,
        "revision": 2,
        "occurredAt": "2022-03-24T11:25:05.120Z",
    }

    assert said(None, PLACED) == {"OrderUpdated": placed}
    assert said(PLACED, FILLED) == {"OrderUpdated": filled}


def test_a_step_says_nothing_of_what_was_traded() -> None:
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
def test_what_is_no_step_of_an_order_is_not_told(before: Item, after: Item | None) -> None:
    assert said(before, after) == {}


def test_an_order_whose_account_is_not_known_yet_is_told_too() -> None:
    unknown = {name: value for name, value in PLACED.items() if name not in ("smallcaseAuthId", "broker")}
    told = said(None, unknown)["OrderUpdated"]
    assert (told["smallcaseAuthId"], told["broker"]) == (None, None)


# What is recommended ---------------------------------------------------------------------------

REBALANCE = {"action": "REBALANCE", "since": "2022-03-24T11:24:05.120Z", "scid": "SCNM_1", "name": "Asha's own"}
PENDING: Item = IMPORTED | {"pendingActions": {"5d94": REBALANCE}}


def test_an_action_is_pending_once_for_each_investment() -> None:
    event = {
        **ABOUT_ACCOUNT,
        "occurredAt": "2022-03-24T11:24:05.120Z",
        "iscid": "5d94",
        "scid": "SCNM_1",
        "action": "REBALANCE",
    }
    assert said(IMPORTED, PENDING) == {"ActionPending": event}
    both = PENDING["pendingActions"] | {"5d95": {"action": "SIP", "since": "2022-03-25T11:24:05.120Z"}}
    told = said(PENDING, PENDING | {"pendingActions": both})["ActionPending"]
    assert (told["iscid"], told["scid"], told["action"]) == ("5d95", None, "SIP")


def test_another_action_for_the_same_investment_is_told_and_its_end_is_not() -> None:
    repair = PENDING | {"pendingActions": {"5d94": REBALANCE | {"action": "REPAIR"}}}
    assert said(PENDING, repair)["ActionPending"]["action"] == "REPAIR"
    assert said(PENDING, PENDING | {"pendingActions": {}}) == {}
    assert said(PENDING, PENDING | {"lastAttemptAt": "2022-03-25T10:21:12.940Z"}) == {}


# The bus ---------------------------------------------------------------------------------------


class Bus:
    """EventBridge's client: refuses entries whose detail has one of `refused`, and whole calls while `away`."""

    def __init__(self, *, refused: Sequence[str] = (), away: Exception | None = None) -> None:
        self.calls: list[list[dict[str, str]]] = []
        self.refused, self.away = refused, away

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's spelling
        self.calls.append(Entries)
        if self.away:
            raise self.away
        answers = [self._answer(entry) for entry in Entries]
        return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    def _answer(self, entry: dict[str, str]) -> dict[str, str]:
        if any(text in entry["Detail"] for text in self.refused):
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        return {"EventId": "accepted"}

    @property
    def published(self) -> list[str]:
        entries = [entry for call in self.calls for entry in call]
        return [json.loads(entry["Detail"])["id"] for entry in entries if "EventId" in self._answer(entry)]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    counters: dict[str, int] = {}

    def count(name: str, value: int = 1) -> None:
        counters[name] = counters.get(name, 0) + value

    for module in (event_bus, streams, use_case):
        monkeypatch.setattr(module, "count", count)
    return counters


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    return lines


def deliver(bus: Bus, records: Sequence[dict[str, Any]]) -> list[str]:
    """As functions/publish_events wires it: the identifiers that Lambda is told."""
    worker = stream_worker(lambda changes: publish_events(changes, bus=EventBus(bus, "app-events")))
    answer = worker({"Records": list(records)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def linked(number: int) -> dict[str, Any]:
    return record(None, STATUS | {"pk": f"ACCOUNT#{number}"}, number)


def unreadable(number: int) -> dict[str, Any]:
    return record(None, STATUS | {"linkedAt": "canary"}, number)


def id_of(number: int) -> str:
    return f"stream-{number}-ConnectionLinked"


def sequence_number(number: int) -> str:
    return linked(number)["dynamodb"]["SequenceNumber"]  # type: ignore[no-any-return]


def test_events_reach_the_bus_in_order_ten_at_a_time(counted: dict[str, int]) -> None:
    bus = Bus()
    assert deliver(bus, [linked(number) for number in range(23)]) == []
    assert [len(call) for call in bus.calls] == [10, 10, 3]
    assert bus.published == [id_of(number) for number in range(23)]
    assert counted == {"EventPublished": 23}


def test_an_entry_is_one_that_eventbridge_takes() -> None:
    client = get_session().create_client(
        "events", region_name="ap-south-1", aws_access_key_id="made-up", aws_secret_access_key="made-up"
    )
    entry = {"EventBusName": "app-events", "Source": "gateway-backend", "DetailType": "Name", "Detail": '{"id": "1"}'}
    with Stubber(client) as stubber:
        stubber.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
        assert EventBus(client, "app-events").put([Event("Name", '{"id": "1"}')]) == [True]


def test_where_nothing_is_to_be_told_the_bus_is_not_called(counted: dict[str, int]) -> None:
    bus = Bus()
    assert deliver(bus, [record(IMPORTED, REFRESHED, number) for number in range(100)]) == []
    assert bus.calls == []
    assert counted == {}


def test_lambda_comes_back_to_the_first_event_that_was_refused(counted: dict[str, int], log: io.StringIO) -> None:
    bus = Bus(refused=[id_of(5), id_of(2)])
    assert deliver(bus, [linked(number) for number in range(12)]) == [sequence_number(2)]
    assert bus.published == [id_of(number) for number in range(12) if number not in (2, 5)]
    assert counted == {"EventPublished": 10, "EventFailed": 2}
    assert "ThrottlingException" in log.getvalue()


def test_a_change_is_done_only_when_all_its_events_are_published() -> None:
    bus = Bus(refused=["-TransactionFinished"])
    assert deliver(bus, [record(COMPLETED, DONE, 7)]) == [sequence_number(7)]
    assert bus.published == ["stream-7-HoldingsImported"]


@pytest.mark.parametrize(
    "away",
    [ConnectTimeoutError(endpoint_url="bus"), ClientError({"Error": {"Code": "InternalFailure"}}, "PutEvents")],
    ids=["no answer", "error"],
)
def test_while_the_bus_is_away_everything_comes_again(away: Exception, counted: dict[str, int]) -> None:
    bus = Bus(away=away)
    quiet = record(IMPORTED, REFRESHED, 1)
    assert deliver(bus, [quiet, *(linked(number) for number in range(2, 32))]) == [sequence_number(2)]
    assert len(bus.calls) == 1, "the other calls would wait for nothing"
    assert counted == {"EventFailed": 30}


def test_a_repeat_has_the_ids_of_the_first_time() -> None:
    bus = Bus()
    records = [linked(1), record(COMPLETED, DONE, 2)]
    deliver(bus, records)
    first = bus.published
    deliver(bus, records)
    assert bus.published == first * 2
    assert len(set(first)) == 3


# Records that cannot be read -------------------------------------------------------------------


def test_an_unreadable_record_is_counted_and_left_behind(counted: dict[str, int], log: io.StringIO) -> None:
    """It is our bug: brought again and again it would hold up the others for a day."""
    bus = Bus()
    assert deliver(bus, [linked(1), unreadable(2), linked(3)]) == []
    assert bus.published == [id_of(1), id_of(3)]
    assert counted == {"EventPublished": 2, "EventFailed": 1, "UnexpectedError": 1}
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
def test_nothing_in_an_image_stops_the_batch(spoil: Callable[[dict[str, Any]], Any]) -> None:
    bus, bad = Bus(), linked(2)
    spoil(bad["dynamodb"]["NewImage"])
    assert deliver(bus, [linked(1), bad, linked(3)]) == []
    assert bus.published == [id_of(1), id_of(3)]


def test_beside_an_unreadable_record_a_refused_event_still_comes_again() -> None:
    assert deliver(Bus(refused=[id_of(1)]), [linked(1), unreadable(2)]) == [sequence_number(1)]
    assert deliver(Bus(refused=[id_of(3)]), [unreadable(2), linked(3)]) == [sequence_number(3)]


def test_a_bug_in_the_work_is_counted_and_nothing_is_taken_for_done(counted: dict[str, int], log: io.StringIO) -> None:
    def work(_changes: Sequence[Change]) -> list[Change]:
        raise ZeroDivisionError("canary")

    answer = stream_worker(work)({"Records": [linked(1), linked(2)]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}
    assert counted == {"UnexpectedError": 1}
    assert "canary" not in log.getvalue()
