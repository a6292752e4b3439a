"""Spend a request of the user's budget, before anything is done for it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from gateway_backend.domain.users.request_budget import Budgeted, check_budget
from gateway_backend.store.users.request_counts import RequestCounts


class RequestBudget(NamedTuple):
    """`most` requests of each kind in a minute."""

    counts: RequestCounts
    most: int
    clock: Callable[[], datetime]

    def spend(self, user: str, kind: Budgeted) -> None:
        """Raises: TooManyRequests."""
        now = self.clock()
        check_budget(self.counts.count(user, kind, now), self.most, now)
