"""Which of a user's order batches are asked for. Apart, so that only the list of them pays for it at its cold start."""

from dataclasses import dataclass
from datetime import datetime

from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.shared import times
from gateway_backend.store.dynamodb.codec import Item


@dataclass(frozen=True, slots=True)
class Filters:
    """Which of a user's batches; `since` is inclusive, `until` is not."""

    account_id: str | None = None
    status: BatchStatus | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fit(self, item: Item) -> bool:
        fits_account = self.account_id in (None, item.get("smallcaseAuthId"))
        return fits_account and self.status in (None, item["status"])

    def span(self) -> tuple[str, str]:
        """From and to which `listOrder`, both inclusive: an order of the moment `until` itself sorts after it."""
        return (times.to_key(self.since) if self.since else "0", times.to_key(self.until) if self.until else "9")
