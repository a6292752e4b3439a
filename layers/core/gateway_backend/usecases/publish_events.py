"""Tell the app's other systems what changed: from the table's stream, so that state and event cannot disagree.

An event is derived from the item before and after one write. Most writes (a refresh that moved `asOf` alone) say
nothing to anybody and cost nothing here.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from gateway_backend.contracts import events
from gateway_backend.domain import times
from gateway_backend.domain.freshness import Reason, SessionState
from gateway_backend.domain.intents import Intent
from gateway_backend.runtime.event_bus import Event, EventBus
from gateway_backend.runtime.observability import count, frames_of, logger
from gateway_backend.runtime.streams import Change
from gateway_backend.store.codec import Item, decode
from gateway_backend.store.transactions import read_transaction

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading an item raises that is not as `store` writes it."""


def publish_events(changes: Sequence[Change], *, bus: EventBus) -> list[Change]:
    """Publish the events of the changes, in order. Gives the changes whose events are not, or not all, on the bus.

    One that cannot be read is our bug: it is logged and counted, and left behind. Brought again and again it would hold
    up the others for a day.
    """
    found: list[tuple[Change, Event]] = []
    for change in changes:
        try:
            found += [(change, _on_the_bus(detail)) for detail in events_of(change)]
        except UNREADABLE as error:
            logger.error("change unreadable", error=type(error).__name__, where=frames_of(error), change=change.id)
            count("EventFailed")
            count("UnexpectedError")
    taken = bus.put([event for _, event in found])
    failed = {change.id: change for (change, _), is_taken in zip(found, taken, strict=True) if not is_taken}
    return list(failed.values())


def events_of(change: Change) -> list[events.Detail]:
    """What the write means to others; nothing, for most. Raises: one of UNREADABLE."""
    before, after = decode(change.before or {}), decode(change.after or {})
    match (after or before)["sk"].partition("#")[0]:
        case "STATUS":
            return list(_of_connection(before, after, change))
        case "META":
            return list(_of_transaction(before, after, change))
        case "BATCH":
            return list(_of_batch(before, after, change))
    return []


def _of_connection(before: Item, after: Item, change: Change) -> Iterator[events.Detail]:
    status = after or before
    event = partial(_detail, change, status, smallcase_auth_id=status["pk"].removeprefix("ACCOUNT#"))
    if not after:
        yield event(events.ConnectionDeleted, change.at)
        return
    if not before:
        yield event(events.ConnectionLinked, _instant(after, "linkedAt"), transaction_id=after["transactionId"])
    match before.get("state"), after["state"]:
        case (was, SessionState.NEEDS_LOGIN) if was != SessionState.NEEDS_LOGIN:
            yield event(events.ConnectionNeedsLogin, _instant(after, "stateSince"), reason=after.get("stateReason"))
        case (SessionState.NEEDS_LOGIN, SessionState.ACTIVE):
            yield event(events.ConnectionRepaired, _instant(after, "stateSince"))
    if before.get("contentHash") and after.get("contentHash") != before["contentHash"]:
        yield event(
            events.HoldingsChanged,
            _instant(after, "lastSuccessAt"),
            snapshot_date=_instant(after, "snapshotDate"),
            previous_snapshot_date=_instant(before, "snapshotDate"),
        )
    for iscid, pending in after.get("pendingActions", {}).items():
        if pending["action"] != before.get("pendingActions", {}).get(iscid, {}).get("action"):
            yield event(
                events.ActionPending,
                _instant(pending, "since"),
                iscid=iscid,
                scid=pending.get("scid"),
                action=pending["action"],
            )
    if after.get("staleSince") and after["staleSince"] != before.get("staleSince"):
        yield event(
            events.HoldingsStale,
            _instant(after, "staleSince"),
            snapshot_date=_instant(after, "snapshotDate") if after.get("snapshotDate") else None,
            reason=after.get("stateReason") or Reason.SESSIONS_MISSED,
        )


def _of_transaction(before: Item, after: Item, change: Change) -> Iterator[events.Detail]:
    if not after:
        return
    event = partial(
        _detail,
        change,
        after,
        transaction_id=after["pk"].removeprefix("TXN#"),
        smallcase_auth_id=after.get("smallcaseAuthId"),
    )
    brings_holdings = after["intent"] == Intent.HOLDINGS_IMPORT
    if brings_holdings and after.get("stored") and not before.get("stored"):
        yield event(events.HoldingsImported, _instant(after, "updatedAt"))
    # An end may be overtaken by a better one: what had expired for us can still complete.
    if _is_settled(after) and not (_is_settled(before) and after["status"] == before["status"]):
        yield event(
            events.TransactionFinished,
            _instant(after, "updatedAt"),
            intent=after["intent"],
            status=after["status"],
            error_code=after.get("error", {}).get("code"),
            reason=after.get("refused"),
        )


def _of_batch(before: Item, after: Item, change: Change) -> Iterator[events.Detail]:
    # One whose account was unlinked has no body any more: that is no step of the order.
    if "body" not in after or after["revision"] == before.get("revision"):
        return
    yield _detail(
        change,
        after,
        events.OrderUpdated,
        _instant(after, "updatedAt"),
        transaction_id=after["pk"].removeprefix("TXN#"),
        smallcase_auth_id=after.get("smallcaseAuthId"),
        batch_id=after["sk"].removeprefix("BATCH#"),
        status=after["status"],
        final=after["final"],
        revision=int(after["revision"]),
    )


def _detail(change: Change, item: Item, kind: type[events.Detail], at: datetime, **more: Any) -> events.Detail:
    return kind(
        id=f"{change.id}-{kind.__name__}",
        occurred_at=at,
        user_id=item["owner"],
        broker=item.get("broker") or None,
        **more,
    )


def _is_settled(item: Item) -> bool:
    return bool(item) and read_transaction(item).is_settled


def _instant(item: Item, name: str) -> datetime:
    return times.parse(item[name])


def _on_the_bus(detail: events.Detail) -> Event:
    return Event(type(detail).__name__, detail.model_dump_json(by_alias=True))
