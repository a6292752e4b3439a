"""SQS batches: each message on its own, and only those that failed come back (sooner the first times).

Powertools has this too, but importing it costs a cold start a tenth more (docs/decisions.md).
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.domain.shared.errors import DomainError
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.observability import count, flush_metrics, frames_of, logger
from gateway_backend.runtime.start_check import Handler, with_start_check

type Work = Callable[[str, int], None]

MOST_ATTEMPTS = 5
"""The `maxReceiveCount` of the queues."""

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 5, 600


def queue_worker(queue_url: str) -> Callable[[Work], Handler]:
    """A Lambda handler that calls `work(message body, attempt)` for each message; attempts count from one.

    It answers with the ids of the messages that failed (ReportBatchItemFailures): the others are done.
    """

    def decorate(work: Work) -> Handler:
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            failed = [record["messageId"] for record in event["Records"] if not _is_done(work, record, queue_url)]
            flush_metrics()
            return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

        return with_start_check(handler)

    return decorate


def _is_done(work: Work, record: dict[str, Any], queue_url: str) -> bool:
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        work(record["body"], attempt)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go on
        logger.warning(
            "message failed",
            error=type(error).__name__,
            where=frames_of(error),
            messageId=record["messageId"],
            attempt=attempt,
        )
        count("MessageFailed" if isinstance(error, DomainError) else "UnexpectedError")
        _come_back_soon(queue_url, record["receiptHandle"], attempt)
        return False
    return True


def _come_back_soon(queue_url: str, receipt_handle: str, attempt: int) -> None:
    """5 s, 20 s, 80 s, 320 s instead of the queue's whole visibility timeout; after the last try none.

    SQS moves a message to the dead letters when it would be received once more, so that nobody waits for the alarm.
    """
    delay = 0 if attempt >= MOST_ATTEMPTS else _FIRST_RETRY_SECONDS * 4 ** (attempt - 1)
    try:
        client("sqs").change_message_visibility(
            QueueUrl=queue_url,
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=min(delay, _LONGEST_RETRY_SECONDS),
        )
    except (ClientError, BotoCoreError) as error:
        logger.warning("could not shorten the wait before the retry", error=type(error).__name__)
