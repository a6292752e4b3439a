"""Which of a user's order batches a list is to hold."""

from datetime import datetime
from typing import NamedTuple

from gateway_backend.domain.orders.batch import BatchStatus


class Filters(NamedTuple):
    """None: any. `since` is inclusive, `until` is not; both are about the moment when the batch was first recorded."""

    account_id: str | None = None
    status: BatchStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
