"""A table's stream as Lambda and DynamoDB have it, where the emulator has it otherwise.

ministack 1.5.33 passes over a stream batch's `batchItemFailures`, MaximumRetryAttempts and
BisectBatchOnFunctionError: what a function names as failed is never sent again, and a function that raises holds
up the stream for ever. It also keeps on disk how far each stream was read, but not what was in it: after a restart
it passes over as many new records as it had read before.
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
    """Before the emulator starts."""
    _deliver_as_lambda_does()
    _keep_what_is_in_streams()


@dataclass
class Progress:
    """How far a batch has come that has failed before. The emulator begins it anew every second."""

    done: set[str] = field(default_factory=set)
    failures: int = 0
    at_once: int | None = None


@dataclass(frozen=True)
class Delivery:
    """Brings records to a function, in their order, until each is done or given up."""

    run: Callable[[Records], Result]
    give_up: Callable[[Records, Result], None]
    progress: Progress
    retries: int
    hears_item_failures: bool
    bisects: bool

    def attempt(self, records: Records) -> Result:
        """The answer to the last call; an error when the batch is to be brought again."""
        progress = self.progress
        result: Result = {}
        while rest := [record for record in records if _number(record) not in progress.done][: progress.at_once]:
            result = self.run(rest)
            succeeded = self._succeeded(rest, result)
            if succeeded:
                self._leave_behind(rest[:succeeded])
            elif result.get("error") and self.bisects and len(rest) > 1:
                progress.at_once = len(rest) // 2
            elif 0 <= self.retries <= progress.failures:
                self.give_up(rest, result)
                self._leave_behind(rest)
            else:
                progress.failures += 1
                return result | {"error": True}
        progress.done.clear()
        return result | {"error": False}

    def _succeeded(self, records: Records, result: Result) -> int:
        """How many at the beginning: from the first failure on, all are brought again."""
        if result.get("error"):
            return 0
        body = result.get("body")
        failures = body.get("batchItemFailures") if self.hears_item_failures and isinstance(body, dict) else None
        failed = {failure["itemIdentifier"] for failure in failures or []}
        return next((place for place, one in enumerate(records) if _number(one) in failed), len(records))

    def _leave_behind(self, records: Records) -> None:
        self.progress.done.update(_number(record) for record in records)
        self.progress.failures = 0
        self.progress.at_once = None


def _number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _deliver_as_lambda_does() -> None:
    execute = lambda_svc._execute_function
    progress: defaultdict[str, Progress] = defaultdict(Progress)

    def execute_batch(function: dict[str, Any], event: Any) -> Result:
        mapping = _mapping(function, event)
        if mapping is None:
            return dict(execute(function, event))
        stream = mapping["EventSourceArn"]

        def give_up(records: Records, result: Result) -> None:
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, records, stream, result, "RetryAttemptsExhausted"
            )

        return Delivery(
            run=lambda records: dict(execute(function, {"Records": records})),
            give_up=give_up,
            progress=progress[mapping["UUID"]],
            retries=int(mapping.get("MaximumRetryAttempts", -1)),
            hears_item_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
            bisects=bool(mapping.get("BisectBatchOnFunctionError")),
        ).attempt(event["Records"])

    lambda_svc._execute_function = execute_batch


def _mapping(function: Mapping[str, Any], event: Any) -> dict[str, Any] | None:
    """The event source mapping that made this call, if it is one of a table's stream."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or records[0].get("eventSource") != "aws:dynamodb":
        return None
    name = (function.get("config") or function)["FunctionName"]
    mappings = (mapping for _, _, mapping in lambda_svc._iter_all_esms())
    from_here = (one for one in mappings if one["EventSourceArn"] == records[0]["eventSourceARN"])
    return next((one for one in from_here if one["FunctionName"] == name), None)


def _keep_what_is_in_streams() -> None:
    save, load = dynamodb.get_state, dynamodb.load_persisted_state
    kept = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}

    def save_all() -> dict[str, Any]:
        return dict(save()) | {name: copy.deepcopy(store) for name, store in kept.items()}

    def load_all(data: Mapping[str, Any]) -> None:
        load(data)
        for name, store in kept.items():
            store.update(data.get(name, {}))

    dynamodb.get_state, dynamodb.load_persisted_state = save_all, load_all
