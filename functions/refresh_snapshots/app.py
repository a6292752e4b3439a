"""The refresh queue: pull a page of accounts from Gateway, a few at a time."""

from gateway_backend.bootstrap import contexts
from gateway_backend.contracts.refresh.page_message import parse_page
from gateway_backend.runtime.batches import queue_worker
from gateway_backend.runtime.settings import settings
from gateway_backend.usecases.refresh.page import refresh_page

new_context = contexts.refresh_contexts()


@queue_worker(settings().refresh_queue_url)
def handler(message: str, _attempt: int) -> None:
    refresh_page(parse_page(message), new_context())
