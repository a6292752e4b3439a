"""SQS batches: each message on its own, and only those that failed come back (sooner the first times)."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.runtime.clients import client
from gateway_backend.runtime.observability import count, flush_metrics, logger
from gateway_backend.runtime.settings import settings

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 5, 600
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def queue_worker(work: Callable[[str, int], None]) -> Callable[[dict[str, Any], Any], Any]:
    """A Lambda handler that calls `work(message body, attempt)` for each message; attempts count from one."""

    def one(record: SQSRecord) -> None:
        attempt = int(record.attributes.approximate_receive_count)
        try:
            work(record.body, attempt)
        except Exception as error:
            logger.warning("message failed", error=type(error).__name__, messageId=record.message_id, attempt=attempt)
            count("MessageFailed")
            _come_back_soon(record.receipt_handle, attempt)
            raise

    def handler(event: dict[str, Any], context: Any) -> Any:
        answer = process_partial_response(event=event, record_handler=one, processor=_processor, context=context)
        flush_metrics()
        return answer

    return handler


def _come_back_soon(receipt_handle: str, attempt: int) -> None:
    """5 s, 20 s, 80 s, 320 s instead of the queue's whole visibility timeout."""
    delay = _FIRST_RETRY_SECONDS * 4 ** (attempt - 1)
    try:
        client("sqs").change_message_visibility(
            QueueUrl=settings().webhook_queue_url,
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=min(delay, _LONGEST_RETRY_SECONDS),
        )
    except (ClientError, BotoCoreError) as error:
        logger.warning("retry not brought forward", error=type(error).__name__)
