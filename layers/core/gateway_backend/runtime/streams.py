"""DynamoDB streams: what changed in the table, shard by shard, and where to come back to when something failed."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from gateway_backend.runtime.observability import count, flush_metrics, frames_of, logger
from gateway_backend.runtime.start_check import Handler, with_start_check

type Image = dict[str, Any]
"""An item in DynamoDB's typed attributes."""


class Change(NamedTuple):
    """One write to the table. `before` is None for a new item, `after` for a deleted one.

    `id` is the stream's own: the same however often the change is delivered.
    """

    id: str
    sequence_number: str
    at: datetime
    before: Image | None
    after: Image | None

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        written = record["dynamodb"]
        return cls(
            id=record["eventID"],
            sequence_number=written["SequenceNumber"],
            at=datetime.fromtimestamp(written["ApproximateCreationDateTime"], UTC),
            before=written.get("OldImage"),
            after=written.get("NewImage"),
        )


def stream_worker(work: Callable[[Sequence[Change]], Collection[Change]]) -> Handler:
    """A Lambda handler around `work`, which gives those of the changes that it could not finish.

    It answers with the first of them (ReportBatchItemFailures): Lambda delivers from there on again, what was done
    after it, too. When the event source mapping has no retries left, all of that goes to its failure destination;
    `work` therefore does what it can behind a change that fails.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        changes = [Change.of(record) for record in event["Records"]]
        unfinished = _unfinished(work, changes)
        flush_metrics()
        first = [change.sequence_number for change in changes if change.id in unfinished][:1]
        return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in first]}

    return with_start_check(handler)


def _unfinished(work: Callable[[Sequence[Change]], Collection[Change]], changes: Sequence[Change]) -> set[str]:
    try:
        return {change.id for change in work(changes)}
    except Exception as error:  # noqa: BLE001 - whatever it is: nothing is done, and it is counted as our bug
        logger.error("changes failed", error=type(error).__name__, where=frames_of(error))
        count("UnexpectedError")
        return {change.id for change in changes}
