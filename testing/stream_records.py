"""Items as the store writes them, records of the table's stream made of them, and the events that follow."""

import json
import zlib
from typing import Any

from gateway_backend.runtime.streams import Change
from gateway_backend.store.dynamodb.codec import Item, encode
from gateway_backend.usecases.events.publish import events_of

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
    "contentHash": "hash-1",
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


def body(status: str) -> bytes:
    """A batch as its item holds it."""
    stock = {"ticker": "AXISBANK", "status": "PLACED", "asked_at": "2022-03-24T11:24:05.120000Z"}
    batch = {"id": "batch-1", "status": status, "asked_at": "2022-03-24T11:24:05.120000Z", "orders": [stock]}
    return zlib.compress(json.dumps(batch).encode())


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


REBALANCE = {"action": "REBALANCE", "since": "2022-03-24T11:24:05.120Z", "scid": "SCNM_1", "name": "Asha's own"}


PENDING: Item = IMPORTED | {"pendingActions": {"5d94": REBALANCE}}


ABOUT_ACCOUNT = {"broker": "kite", "smallcaseAuthId": ACCOUNT_ID}


def record(before: Item | None, after: Item | None, number: int = 1) -> dict[str, Any]:
    """The stream's record of a write."""
    images = {"OldImage": before, "NewImage": after}
    return {
        "eventID": f"stream-{number}",
        "dynamodb": {
            "SequenceNumber": sequence_number(number),
            "ApproximateCreationDateTime": WRITTEN_AT,
            **{name: encode(item) for name, item in images.items() if item},
        },
    }


def linked(number: int) -> dict[str, Any]:
    """The record of a new connection."""
    return record(None, STATUS | {"pk": f"ACCOUNT#{number}"}, number)


def linked_event_id(number: int) -> str:
    return f"stream-{number}-ConnectionLinked"


def unreadable(number: int) -> dict[str, Any]:
    """The record of a connection that cannot be parsed."""
    return record(None, STATUS | {"linkedAt": "canary"}, number)


def sequence_number(number: int) -> str:
    return f"{number:021}"


def change(before: Item | None, after: Item | None, number: int = 1) -> Change:
    return Change.of(record(before, after, number))


def events_between(before: Item | None, after: Item | None) -> dict[str, dict[str, Any]]:
    """The events of a write by their names, without version, id and user, which are checked here."""
    found = {}
    for detail in events_of(change(before, after)):
        name, members = type(detail).__name__, json.loads(detail.model_dump_json(by_alias=True))
        assert (members.pop("version"), members.pop("id"), members.pop("userId")) == (
            "1",
            f"stream-1-{name}",
            "user-1",
        )
        found[name] = members
    return found
