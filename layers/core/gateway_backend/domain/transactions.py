"""A transaction: one interaction of a user with Gateway, from creation to its end (contract §2.1, §2.5)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

FIRST_CHECK, LONGEST_CHECK = timedelta(minutes=2), timedelta(hours=6)
"""How long nobody need ask about an open transaction before we do, at first and at the most."""

CHECKS_BEFORE_FORGOTTEN = 5
GRACE = timedelta(minutes=15)
"""How long after `expireAt` a transaction that Gateway has not called expired may still be finishing."""


class Intent(StrEnum):
    HOLDINGS_IMPORT = "HOLDINGS_IMPORT"
    CONNECT = "CONNECT"


class Status(StrEnum):
    """Gateway's words (contract §2.5), in the order in which they may follow each other."""

    INITIALIZED = "INITIALIZED"
    USED = "USED"
    PROCESSING = "PROCESSING"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    ERRORED = "ERRORED"
    COMPLETED = "COMPLETED"

    @property
    def rank(self) -> int:
        return list(Status).index(self)

    @property
    def is_final(self) -> bool:
        return self.rank >= Status.EXPIRED.rank


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transaction ended without success: Gateway's code and message (contract §5.5)."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """`expire_at` is Gateway's. `imported`: its holdings are stored. `refused`: why its account may not be linked.

    `checks` counts how often the schedule has asked about it.
    """

    id: str
    owner: str
    intent: Intent
    created_at: datetime
    expire_at: datetime
    correlation_id: str
    version: str = "v2"
    mutual_funds: bool = False
    requested_account_id: str | None = None
    note: str | None = None
    status: Status = Status.INITIALIZED
    account_id: str | None = None
    broker: str | None = None
    failure: Failure | None = None
    stored: bool = False
    refused: str | None = None
    updated_at: datetime | None = None
    reconciled_at: datetime | None = None
    checks: int = 0

    def next_check(self, now: datetime) -> datetime:
        """When to ask Gateway next if nobody else has: each time after twice as long."""
        return now + min(LONGEST_CHECK, FIRST_CHECK * (1 << min(self.checks, 10)))

    @property
    def is_settled(self) -> bool:
        """Nothing more to learn: the end is known and, for a completed import, the holdings are stored."""
        if self.refused:
            return True
        if self.status is Status.COMPLETED and self.intent is Intent.HOLDINGS_IMPORT:
            return self.stored
        return self.status.is_final

    def is_about(self, account_id: str) -> bool:
        """May it speak for the account: is that the one it was pinned to, and the first that Gateway named?"""
        return all(known in (None, account_id) for known in (self.account_id, self.requested_account_id))

    def forgotten(self, now: datetime) -> Self:
        """The transaction when Gateway knows nothing of it (any more): one that was left open ends with its time.

        Only after two hours of asking: a Gateway in trouble may forget for a while.
        """
        left_open = self.status in (Status.INITIALIZED, Status.USED)
        over = left_open and now >= self.expire_at + GRACE and self.checks >= CHECKS_BEFORE_FORGOTTEN
        return replace(self, status=Status.EXPIRED, updated_at=now) if over else self

    def moved_to(self, report: "Report", now: datetime) -> Self:
        """The transaction after Gateway's report; an older status never replaces a later one."""
        status = max(self.status, report.status_at(now, self.expire_at), key=lambda s: s.rank)
        return replace(
            self,
            status=status,
            account_id=self.account_id or report.account_id,
            broker=report.broker or self.broker,
            failure=None if status is Status.COMPLETED else report.failure or self.failure,
            updated_at=now,
            reconciled_at=now,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What Gateway says about a transaction when asked (contract §2.5)."""

    transaction_id: str
    status: Status
    expired: bool = False
    account_id: str | None = None
    broker: str | None = None
    failure: Failure | None = None

    def status_at(self, now: datetime, expire_at: datetime) -> Status:
        """INITIALIZED and USED never end by themselves when the user just leaves: expiry ends them."""
        left_open = self.status in (Status.INITIALIZED, Status.USED)
        over = self.expired or now >= expire_at + GRACE
        return Status.EXPIRED if left_open and over else self.status
