"""List a user's order batches, newest first."""

from typing import Any

from gateway_backend.domain.orders.filters import Filters
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.store.orders.batches import Batches


def list_orders(
    filters: Filters, *, user: str, after: dict[str, Any] | None, limit: int, batches: Batches
) -> tuple[list[RecordedBatch], dict[str, Any] | None]:
    """A page, and the position after which the next one starts."""
    return batches.list(user, filters, after=after, limit=limit)
