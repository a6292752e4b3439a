"""A page of accounts to refresh after one close, and the lifecycle of the work on it: queued, leased, done."""

import hashlib
from copy import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import NotYet

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(minutes=15)

LEASE = timedelta(minutes=3)
"""Longer than the worker may run: a lease that is older means that its worker has died."""


class RefreshPage(NamedTuple):
    """`attempt` counts from 0, the first time through in its round."""

    close: datetime
    account_ids: tuple[str, ...]
    attempt: int = 0
    round: int = 0

    @property
    def id(self) -> str:
        """Made of the content: a page that is planned twice has one id."""
        identity = " ".join([times.to_key(self.close), str(self.round), str(self.attempt), *self.account_ids])
        return hashlib.sha256(identity.encode()).hexdigest()[:24]

    def next_attempt(self, account_ids: tuple[str, ...]) -> "RefreshPage":
        """The next attempt. It begins with another account: one that always fails must not be the only probe."""
        rotated = (*account_ids[1:], *account_ids[:1])
        return replace(self, account_ids=rotated, attempt=self.attempt + 1)

    def retry_delay(self, jitter: int) -> timedelta:
        """How long until the next attempt: doubled each time, less up to half of it. `jitter` is 0 to 100."""
        longest = min(LONGEST_RETRY, FIRST_RETRY * (1 << min(self.attempt, 10)))
        return longest - longest * jitter / 200


class PageState(StrEnum):
    QUEUED = "QUEUED"
    LEASED = "LEASED"
    DONE = "DONE"


class PageWork(NamedTuple):
    """The work on one page. Processing a page twice is safe; the lease saves Gateway the second call."""

    state: PageState = PageState.QUEUED
    lease_until: datetime | None = None

    @property
    def is_done(self) -> bool:
        return self.state is PageState.DONE

    def lease(self, now: datetime) -> "PageWork":
        """Raises: NotYet while another worker has the page."""
        if self.is_done or (self.lease_until is not None and self.lease_until > now):
            raise NotYet("Another worker has this page")
        return PageWork(PageState.LEASED, now + LEASE)

    def release(self) -> "PageWork":
        """Give the page back unfinished, for the next worker to take at once."""
        return self if self.is_done else PageWork()

    def finish(self) -> "PageWork":
        return replace(self, state=PageState.DONE)
