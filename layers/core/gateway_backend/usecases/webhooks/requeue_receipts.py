"""Queue receipts again whose message was lost on the way, or failed until the queue gave up."""

from datetime import datetime
from itertools import islice

from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline
from gateway_backend.store.webhooks.receipts import Receipts

MOST_AT_ONCE = 500
SECONDS = 20.0
"""A queue that does not answer makes each of them wait for seconds, and open transactions wait behind them."""


def requeue_receipts(*, now: datetime, receipts: Receipts, queue: Queue) -> int:
    """How many were queued. Queueing one twice is harmless: the second finds a verdict."""
    queued, deadline = 0, Deadline(SECONDS)
    for key in islice(receipts.overdue(now), MOST_AT_ONCE):
        if deadline.has_passed:
            break
        if queue.send(key.to_text()):
            receipts.count_requeue(key)
            queued += 1
    return queued
