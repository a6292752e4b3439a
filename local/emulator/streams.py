"""Deliver a table's stream as DynamoDB and Lambda do, by patching the emulator.

ministack 1.5.33 ignores a stream batch's `batchItemFailures`, MaximumRetryAttempts and BisectBatchOnFunctionError: a
record that a function reports as failed is never sent again, and a function that raises blocks the stream forever.
It also persists the position of each stream, but not the records: after a restart it skips as many new records as it
had read before.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import dynamodb, lambda_svc  # type: ignore[import-untyped]

Records = list[dict[str, Any]]
Result = dict[str, Any]


def install() -> None:
    """Patch the emulator. Call this before it starts."""
    _patch_delivery()
    _patch_persistence()


@dataclass
class Progress:
    """The state of a failed batch between attempts. The emulator delivers the whole batch again every second."""

    processed: set[str] = field(default_factory=set)
    failures: int = 0
    batch_limit: int | None = None


@dataclass(frozen=True)
class Delivery:
    """Sends records to a function, in order, until every one is processed or discarded."""

    invoke: Callable[[Records], Result]
    discard: Callable[[Records, Result], None]
    progress: Progress
    max_retries: int
    reports_item_failures: bool
    bisects: bool

    def attempt(self, records: Records) -> Result:
        """Return the result of the last invocation, with `error` set when the batch must be delivered again."""
        progress = self.progress
        result: Result = {}
        while pending := self._pending(records):
            result = self.invoke(pending)
            succeeded = self._count_succeeded(pending, result)
            if succeeded:
                self._mark_processed(pending[:succeeded])
            elif result.get("error") and self.bisects and len(pending) > 1:
                progress.batch_limit = len(pending) // 2
            elif 0 <= self.max_retries <= progress.failures:
                self.discard(pending, result)
                self._mark_processed(pending)
            else:
                progress.failures += 1
                return result | {"error": True}
        progress.processed.clear()
        return result | {"error": False}

    def _pending(self, records: Records) -> Records:
        pending = [record for record in records if _sequence_number(record) not in self.progress.processed]
        return pending[: self.progress.batch_limit]

    def _count_succeeded(self, records: Records, result: Result) -> int:
        """Count the records before the first failure: Lambda sends all from the first failure on again."""
        if result.get("error"):
            return 0
        body = result.get("body")
        failures = body.get("batchItemFailures") if self.reports_item_failures and isinstance(body, dict) else None
        failed = {failure["itemIdentifier"] for failure in failures or []}
        return next((index for index, record in enumerate(records) if _sequence_number(record) in failed), len(records))

    def _mark_processed(self, records: Records) -> None:
        self.progress.processed.update(_sequence_number(record) for record in records)
        self.progress.failures = 0
        self.progress.batch_limit = None


def _sequence_number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _patch_delivery() -> None:
    execute = lambda_svc._execute_function
    progress: defaultdict[str, Progress] = defaultdict(Progress)

    def execute_batch(function: dict[str, Any], event: Any) -> Result:
        mapping = _find_stream_mapping(function, event)
        if mapping is None:
            return dict(execute(function, event))
        stream = mapping["EventSourceArn"]

        def send_to_failure_destination(records: Records, result: Result) -> None:
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, records, stream, result, "RetryAttemptsExhausted"
            )

        return Delivery(
            invoke=lambda records: dict(execute(function, {"Records": records})),
            discard=send_to_failure_destination,
            progress=progress[mapping["UUID"]],
            max_retries=int(mapping.get("MaximumRetryAttempts", -1)),
            reports_item_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
            bisects=bool(mapping.get("BisectBatchOnFunctionError")),
        ).attempt(event["Records"])

    lambda_svc._execute_function = execute_batch


def _find_stream_mapping(function: Mapping[str, Any], event: Any) -> dict[str, Any] | None:
    """Find the event source mapping that made this invocation; None if it is not one of a table's stream."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or records[0].get("eventSource") != "aws:dynamodb":
        return None
    name = (function.get("config") or function)["FunctionName"]
    stream = records[0]["eventSourceARN"]
    for _, _, mapping in lambda_svc._iter_all_esms():
        if mapping["EventSourceArn"] == stream and mapping["FunctionName"] == name:
            found: dict[str, Any] = mapping
            return found
    return None


def _patch_persistence() -> None:
    get_state, load_state = dynamodb.get_state, dynamodb.load_persisted_state
    stores = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}

    def get_state_with_streams() -> dict[str, Any]:
        return dict(get_state()) | {name: copy.deepcopy(store) for name, store in stores.items()}

    def load_state_with_streams(data: Mapping[str, Any]) -> None:
        load_state(data)
        for name, store in stores.items():
            store.update(data.get(name, {}))

    dynamodb.get_state, dynamodb.load_persisted_state = get_state_with_streams, load_state_with_streams
