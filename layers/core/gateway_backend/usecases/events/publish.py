"""Tell the app's other systems what changed: from the table's stream, so that state and event cannot disagree.

An event is derived from what was recorded before and after one write. Most writes, such as a refresh that moved `asOf`
alone, are no event.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from gateway_backend.contracts.events import details as events
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import Reason
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.runtime.event_bus import Event, EventBus
from gateway_backend.runtime.observability import count, frames_of, logger
from gateway_backend.runtime.streams import Change
from gateway_backend.store.events.images import UNREADABLE, parse_image


def publish_events(changes: Sequence[Change], *, bus: EventBus) -> list[Change]:
    """Publish the events of the changes, in order. Gives the changes whose events are not, or not all, on the bus.

    One that cannot be parsed is our bug: it is logged and counted, and left behind. Delivered again and again it would
    hold up the others for a day.
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
    match parse_image(change.before), parse_image(change.after):
        case None, Connection() as after:
            return list(_of_connection(None, after, change))
        case Connection() as before, None:
            return [_of_unlinking(before, change)]
        case Connection() as before, Connection() as after:
            return list(_of_connection(before, after, change))
        case (None | Transaction()) as before, Transaction() as after:
            return list(_of_transaction(before, after, change))
        case (None | RecordedBatch()) as before, RecordedBatch() as after:
            return list(_of_batch(before, after, change))
    return []


def _of_connection(before: Connection | None, after: Connection, change: Change) -> Iterator[events.Detail]:
    event = partial(_detail, change, after, smallcase_auth_id=after.id)
    session, was_active = after.session, before is None or before.session.is_active
    if before is None:
        yield event(events.ConnectionLinked, occurred_at=after.linked_at, transaction_id=after.transaction_id)
    if was_active and not session.is_active:
        yield event(events.ConnectionNeedsLogin, occurred_at=session.since, reason=session.reason)
    if not was_active and session.is_active:
        yield event(events.ConnectionRepaired, occurred_at=session.since)
    if before and before.snapshot and after.snapshot and after.content_hash != before.content_hash:
        yield event(
            events.HoldingsChanged,
            occurred_at=after.last_success_at,
            snapshot_date=after.as_of,
            previous_snapshot_date=before.as_of,
        )
    pending = {action.iscid: action.action for action in before.pending_actions} if before else {}
    for action in after.pending_actions:
        if action.action != pending.get(action.iscid):
            yield event(
                events.ActionPending,
                occurred_at=action.since,
                iscid=action.iscid,
                scid=action.scid,
                action=action.action,
            )
    if after.stale_since and (before is None or after.stale_since != before.stale_since):
        yield event(
            events.HoldingsStale,
            occurred_at=after.stale_since,
            snapshot_date=after.as_of,
            reason=session.reason or Reason.SESSIONS_MISSED,
        )


def _of_unlinking(before: Connection, change: Change) -> events.Detail:
    return _detail(change, before, events.ConnectionDeleted, occurred_at=change.at, smallcase_auth_id=before.id)


def _of_transaction(before: Transaction | None, after: Transaction, change: Change) -> Iterator[events.Detail]:
    event = partial(
        _detail,
        change,
        after,
        occurred_at=after.updated_at,
        transaction_id=after.id,
        smallcase_auth_id=after.account_id,
    )
    is_imported = after.intent is Intent.HOLDINGS_IMPORT and after.result_persisted
    if is_imported and not (before and before.result_persisted):
        yield event(events.HoldingsImported)
    # An end may be overtaken by a better one: what had expired for us can still complete.
    is_known = before is not None and before.is_settled and after.status is before.status
    if after.is_settled and not is_known:
        yield event(
            events.TransactionFinished,
            intent=after.intent,
            status=after.status,
            error_code=after.failure.code if after.failure else None,
            reason=after.link_refusal,
        )


def _of_batch(before: RecordedBatch | None, after: RecordedBatch, change: Change) -> Iterator[events.Detail]:
    if before and after.revision == before.revision:
        return
    yield _detail(
        change,
        after,
        events.OrderUpdated,
        occurred_at=after.updated_at,
        transaction_id=after.transaction_id,
        smallcase_auth_id=after.account_id,
        batch_id=after.batch.id,
        status=after.batch.status,
        final=after.batch.is_final,
        revision=after.revision,
    )


def _detail(
    change: Change, recorded: Connection | Transaction | RecordedBatch, kind: type[events.Detail], **members: Any
) -> events.Detail:
    return kind(id=f"{change.id}-{kind.__name__}", user_id=recorded.owner, broker=recorded.broker or None, **members)


def _on_the_bus(detail: events.Detail) -> Event:
    return Event(type(detail).__name__, detail.model_dump_json(by_alias=True))
