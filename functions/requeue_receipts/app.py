"""Every five minutes: queue receipts again whose message was lost."""

from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.runtime.settings import settings
from gateway_backend.store.receipts import Receipts
from gateway_backend.store.table import Table
from gateway_backend.usecases.requeue_receipts import requeue_receipts

receipts = Receipts(Table(client("dynamodb"), settings().table_name), settings().receipt_retention)
webhooks = Queue(client("sqs"), settings().webhook_queue_url)


@scheduled
def handler() -> dict[str, int]:
    return {"queued": requeue_receipts(now=clock.now(), receipts=receipts, queue=webhooks)}
