"""The webhook queue: bind each receipt, confirm it with Gateway, apply it."""

from gateway_backend.bootstrap import contexts
from gateway_backend.domain.webhooks.receipt import ReceiptKey
from gateway_backend.runtime.batches import queue_worker
from gateway_backend.runtime.settings import settings
from gateway_backend.usecases.webhooks.apply import apply_webhook

new_context = contexts.webhook_contexts()


@queue_worker(settings().webhook_queue_url)
def handler(message: str, attempt: int) -> None:
    apply_webhook(ReceiptKey.parse(message), new_context(attempt))
