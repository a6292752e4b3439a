"""Gateway's report of a transaction (contract 2.5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

GRACE = timedelta(minutes=15)
"""How long after `expireAt` a transaction that Gateway has not called expired may still be finishing."""

ORDER_PENDING = 4006
"""The SDK gave up waiting for an order that was sent (contract 5.5, 5.6): it ERRORED, and the order lives on."""


class Status(StrEnum):
    """Gateway's words, in the order in which they may follow each other."""

    # contract 2.5

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
        return _RANKS[self]

    @property
    def is_final(self) -> bool:
        """Nothing more comes of it by itself. ACTION_REQUIRED: only another transaction, such as a REPAIR, helps."""
        return self.rank >= Status.ACTION_REQUIRED.rank

    @property
    def is_left_open(self) -> bool:
        """Gateway does not end it when the user just leaves: only its expiry does."""
        return self in (Status.INITIALIZED, Status.USED)

    @property
    def is_bad_end(self) -> bool:
        return self in (Status.EXPIRED, Status.CANCELLED, Status.ERRORED)


_RANKS = {status: rank for rank, status in enumerate(Status)}


class Failure(NamedTuple):
    """Why a transaction ended without success: Gateway's code and message (contract 5.5)."""

    code: int
    message: str


IMPORT_FAILED = Failure(2001, "holdings_import_error")
TOOK_TOO_LONG = Failure(1005, "transaction_expired")
NOTHING_CAME = Failure(2000, "internal_error")


class Outcome(NamedTuple):
    """What an interaction led to beside holdings and orders (contract 2.5).

    `funds` are rupees as Gateway wrote them, true at `funds_at`. `sip` is the plan as it stands after SIP_SETUP.
    `iscid` names the investment in a smallcase, which every later order for it needs.
    """

    funds: Decimal | None = None
    funds_at: datetime | None = None
    scid: str | None = None
    iscid: str | None = None
    name: str | None = None
    sip: Mapping[str, Any] | None = None

    def updated(self, reported: "Outcome | None", now: datetime) -> "Outcome":
        """A reported outcome replaces the former one; funds without a time are as of now."""
        if reported is None:
            return self
        if reported.funds is None or reported.funds_at is not None:
            return reported
        is_same = reported.funds == self.funds and self.funds_at is not None
        return reported._replace(funds_at=self.funds_at if is_same else now)


NO_OUTCOME = Outcome()


class Report(NamedTuple):
    """Gateway's answer when it is asked about a transaction (contract 2.5).

    `order_requested`: an order was sent to the broker. `batches` are Gateway's own objects, not parsed yet.
    """

    transaction_id: str
    status: Status
    expired: bool = False
    account_id: str | None = None
    broker: str | None = None
    failure: Failure | None = None
    order_requested: bool = False
    outcome: Outcome | None = None
    batches: Sequence[Mapping[str, Any]] = ()

    @property
    def can_have_orders(self) -> bool:
        """Before the user has done anything there is no order to ask about."""
        return self.status is not Status.INITIALIZED or self.order_requested

    def status_at(self, now: datetime, expire_at: datetime) -> Status:
        """Expiry ends what the user has left open, because Gateway does not.

        Not once an order was sent: that is the broker's now, and its end comes from there.
        """
        has_expired = self.expired or now >= expire_at + GRACE
        ends = has_expired and self.status.is_left_open and not self.order_requested
        return Status.EXPIRED if ends else self.status
