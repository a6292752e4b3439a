"""A connection as the item `ACCOUNT#<smallcaseAuthId>` / `STATUS`.

In the index Work an account of a long-lived session stands in its refresh slot for good (`REFRESH#<slot>`), so that a
refresh writes nothing there. Any other account stands under `WATCH#<shard>`, by the date of its snapshot, from an
import until it is flagged stale.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from gateway_backend.domain.connections.connection import Connection, slot_of
from gateway_backend.domain.connections.records import Doubt, PendingAction, RefreshRequest, StoredSnapshot
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.shared import times
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.versions import VERSION

STATUS, ERASED = "STATUS", "ERASED"
SNAPSHOT = "SNAPSHOT#"
WATCH_SHARDS = "0123456789abcdef"


def account_pk(account_id: str) -> str:
    return f"ACCOUNT#{account_id}"


def erased_sk(owner: str) -> str:
    """A hash, because a sub may be longer than a sort key may."""
    return f"{ERASED}#{hashlib.sha256(owner.encode()).hexdigest()[:32]}"


def user_pk(owner: str) -> str:
    return f"USER#{owner}"


def account_id_of(item: Item) -> str:
    return str(item["pk"].removeprefix("ACCOUNT#"))


def slot_list(slot: int) -> str:
    return f"REFRESH#{slot:03d}"


def to_item(connection: Connection) -> Item:
    return {
        "pk": account_pk(connection.id),
        "sk": STATUS,
        "owner": connection.owner,
        "broker": connection.broker,
        "mutualFunds": connection.mutual_funds,
        "linkedAt": times.to_text(connection.linked_at),
        "transactionId": connection.transaction_id,
        "state": connection.session.state,
        "stateSince": _text(connection.session.since),
        "stateReason": connection.session.reason,
        **(_snapshot_members(connection.snapshot) if connection.snapshot else {}),
        "lastSuccessAt": _text(connection.last_success_at),
        "lastAttemptAt": _text(connection.last_attempt_at),
        "lastFailure": connection.last_failure,
        "staleSince": _text(connection.stale_since),
        "leaseUntil": _key(connection.lease_until),
        "requestedAt": _key(connection.requested_at),
        "request": _request_members(connection.request),
        "tradedAt": _key(connection.traded_at),
        "doubt": _doubt_members(connection.doubt),
        "shownAsOf": _key(connection.shown_as_of),
        "pendingActions": _pending_members(connection.pending_actions) or None,
        **_work_position(connection),
    }


def from_item(item: Item) -> Connection:
    return Connection(
        id=account_id_of(item),
        owner=item["owner"],
        broker=item["broker"],
        linked_at=times.parse(item["linkedAt"]),
        transaction_id=item["transactionId"],
        mutual_funds=bool(item.get("mutualFunds")),
        session=BrokerSession(SessionState(item["state"]), _instant(item, "stateSince"), item.get("stateReason")),
        snapshot=_snapshot(item) if "snapshotKey" in item else None,
        last_success_at=_instant(item, "lastSuccessAt"),
        last_attempt_at=_instant(item, "lastAttemptAt"),
        last_failure=item.get("lastFailure"),
        stale_since=_instant(item, "staleSince"),
        lease_until=_instant(item, "leaseUntil"),
        requested_at=_instant(item, "requestedAt"),
        request=RefreshRequest(item["request"]["key"], item["request"].get("result")) if "request" in item else None,
        traded_at=_instant(item, "tradedAt"),
        doubt=_doubt(item["doubt"]) if "doubt" in item else None,
        shown_as_of=_instant(item, "shownAsOf"),
        pending_actions=tuple(_pending_actions(item.get("pendingActions", {}))),
        item_version=int(item.get(VERSION, 0)),
    )


def _snapshot_members(snapshot: StoredSnapshot) -> Item:
    return {
        "asOf": times.to_key(snapshot.as_of),
        "snapshotDate": snapshot.snapshot_date,
        "lastUpdate": snapshot.last_update,
        "snapshotKey": SNAPSHOT + snapshot.id,
        "contentHash": snapshot.content_hash,
        "version": snapshot.version,
        "size": snapshot.size,
        "funds": snapshot.funds,
    }


def _snapshot(item: Item) -> StoredSnapshot:
    return StoredSnapshot(
        id=item["snapshotKey"].removeprefix(SNAPSHOT),
        as_of=times.parse(item["asOf"]),
        snapshot_date=item["snapshotDate"],
        last_update=item["lastUpdate"],
        content_hash=item["contentHash"],
        version=item["version"],
        size=int(item["size"]),
        funds=int(item["funds"]),
    )


def _request_members(request: RefreshRequest | None) -> Item | None:
    if request is None:
        return None
    return {"key": request.key} | ({"result": request.result} if request.result else {})


def _doubt_members(doubt: Doubt | None) -> Item | None:
    if doubt is None:
        return None
    return {"hash": doubt.quantities_hash, "asOf": times.to_key(doubt.as_of), "since": times.to_key(doubt.since)}


def _doubt(members: Item) -> Doubt:
    return Doubt(members["hash"], times.parse(members["asOf"]), times.parse(members["since"]))


def _pending_members(actions: Iterable[PendingAction]) -> Item:
    return {
        action.iscid: {
            "action": action.action,
            "since": times.to_text(action.since),
            "scid": action.scid,
            "name": action.name,
        }
        for action in actions
    }


def _pending_actions(members: Item) -> Iterable[PendingAction]:
    for iscid, action in members.items():
        since = times.parse(action["since"])
        yield PendingAction(iscid, action["action"], since, action.get("scid"), action.get("name"))


def _work_position(connection: Connection) -> Item:
    slot = slot_of(connection.id)
    if connection.is_refreshable:
        return {"workKey": slot_list(slot), "workOrder": connection.id}
    if connection.awaits_stale_flag and connection.as_of:
        shard = WATCH_SHARDS[slot % len(WATCH_SHARDS)]
        return {"workKey": f"WATCH#{shard}", "workOrder": times.to_key(connection.as_of)}
    return {}


def _text(instant: datetime | None) -> str | None:
    return times.to_text(instant) if instant else None


def _key(instant: datetime | None) -> str | None:
    return times.to_key(instant) if instant else None


def _instant(item: Item, name: str) -> datetime | None:
    return times.parse(item[name]) if item.get(name) else None
