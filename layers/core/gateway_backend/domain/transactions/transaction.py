"""A transaction: one interaction of a user with Gateway, from creation to its end (contract 2.1, 2.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from gateway_backend.domain.shared.errors import ConnectionWithdrawn
from gateway_backend.domain.transactions.intents import BRINGS_HOLDINGS, SECURITIES, Intent

if TYPE_CHECKING:
    from gateway_backend.domain.orders.request import OrderRequest

FIRST_CHECK, LONGEST_CHECK = timedelta(minutes=2), timedelta(hours=6)
"""How long nobody need ask about an open transaction before we do, at first and at the most."""

CHECKS_BEFORE_EXPIRY = 5
GRACE = timedelta(minutes=15)
"""How long after `expireAt` a transaction that Gateway has not called expired may still be finishing."""

LONGEST_CHECK_OF_ORDERS = timedelta(hours=1)
WATCHED_FOR = timedelta(days=1)
"""How long after `expireAt` an order may still turn up that a transaction which ended badly has sent all the same."""

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
        return list(Status).index(self)

    @property
    def is_final(self) -> bool:
        """Nothing more comes of it by itself. ACTION_REQUIRED: only another transaction, such as a REPAIR, helps."""
        return self.rank >= Status.ACTION_REQUIRED.rank


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transaction ended without success: Gateway's code and message (contract 5.5)."""

    code: int
    message: str


class Outcome(NamedTuple):
    """What an interaction brought beside holdings and orders (contract 2.5).

    `funds` are rupees as Gateway wrote them, true at `funds_at`. `sip` is the plan as it stands after SIP_SETUP.
    `iscid` names the investment in a smallcase, which every later order for it needs.
    """

    funds: Decimal | None = None
    funds_at: datetime | None = None
    scid: str | None = None
    iscid: str | None = None
    name: str | None = None
    sip: Mapping[str, Any] | None = None

    def after(self, news: "Outcome | None", now: datetime) -> "Outcome":
        """What is told replaces what was known; funds without a time are as of now."""
        if news is None:
            return self
        if news.funds is None or news.funds_at is not None:
            return news
        return news._replace(funds_at=self.funds_at if news.funds == self.funds and self.funds_at else now)


_NOTHING = Outcome()


@dataclass(frozen=True, slots=True)
class Transaction:
    """`expire_at` is Gateway's. `stored`: what it brought is stored, its holdings or its orders.

    `refused`: why its account may not be linked. `order`: what was asked for. `placed`: a batch of it is known.
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
    order: "OrderRequest | None" = None
    outcome: Outcome = _NOTHING
    status: Status = Status.INITIALIZED
    account_id: str | None = None
    broker: str | None = None
    failure: Failure | None = None
    stored: bool = False
    placed: bool = False
    refused: str | None = None
    updated_at: datetime | None = None
    reconciled_at: datetime | None = None
    checks: int = 0

    def next_check(self, now: datetime) -> datetime:
        """When to ask Gateway next if nobody else has: each time after twice as long."""
        longest = LONGEST_CHECK_OF_ORDERS if self.can_place_orders else LONGEST_CHECK
        return now + min(longest, FIRST_CHECK * (1 << min(self.checks, 10)))

    def is_watched(self, now: datetime) -> bool:
        """It has ended badly after a login, and no order is known: one may have been sent all the same.

        The SDK ends a transaction by itself when it gives up, while the broker is still at work (contract 5.6,
        point 6).
        """
        ended_badly = self.status in (Status.EXPIRED, Status.CANCELLED, Status.ERRORED)
        could_order = self.can_place_orders and self.account_id is not None and not self.placed
        return ended_badly and could_order and now < self.expire_at + WATCHED_FOR

    @property
    def shown_failure(self) -> Failure | None:
        """What to tell the user: never to begin again what has been sent to the broker."""
        if self.failure is None or (self.failure.code == ORDER_PENDING and not self.is_settled):
            return self.failure
        is_under_way = self.status in (Status.PROCESSING, Status.ACTION_REQUIRED, Status.COMPLETED)
        return None if self.placed or is_under_way else self.failure

    @property
    def is_settled(self) -> bool:
        """Nothing more to learn: the end is known, and what it brought is stored.

        An order may live on when its transaction ended badly, so each end of one is looked at once; and it is the
        user's own even where the account belongs to somebody else, but not when they have taken their consent back.
        """
        if self.refused and not (self.can_place_orders and self.refused != ConnectionWithdrawn.code):
            return True
        brings = self.can_place_orders or (self.status is Status.COMPLETED and self.intent in BRINGS_HOLDINGS)
        return self.status.is_final and (self.stored or not brings)

    @property
    def can_place_orders(self) -> bool:
        """May it have placed an order?"""
        return self.intent is Intent.TRANSACTION

    def expects_orders(self, *, requested: bool) -> bool:
        """Must there be a batch, so that none means not yet? `requested`: Gateway says that an order was sent."""
        pending = self.failure is not None and self.failure.code == ORDER_PENDING
        completed = self.status is Status.COMPLETED and self.order is not None and self.order.type == SECURITIES
        return requested or pending or completed

    def is_about(self, account_id: str) -> bool:
        """May it speak for the account: is that the one it was pinned to, and the first that Gateway named?"""
        return all(known in (None, account_id) for known in (self.account_id, self.requested_account_id))

    def expire_if_unknown(self, now: datetime) -> Self:
        """The transaction when Gateway knows nothing of it (any more): one that was left open ends with its time.

        Only after two hours of asking: a Gateway in trouble may forget for a while.
        """
        left_open = self.status in (Status.INITIALIZED, Status.USED)
        over = left_open and now >= self.expire_at + GRACE and self.checks >= CHECKS_BEFORE_EXPIRY
        return replace(self, status=Status.EXPIRED, updated_at=now) if over else self

    def apply_report(self, report: "Report", now: datetime) -> Self:
        """The transaction after Gateway's report; an older status never replaces a later one."""
        status = max(self.status, report.status_at(now, self.expire_at), key=lambda s: s.rank)
        return replace(
            self,
            status=status,
            account_id=self.account_id or report.account_id,
            broker=report.broker or self.broker,
            failure=None if status is Status.COMPLETED else report.failure or self.failure,
            outcome=self.outcome.after(report.outcome, now),
            updated_at=now,
            reconciled_at=now,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What Gateway says about a transaction when asked (contract 2.5).

    `order_requested`: an order was sent to the broker. `batches` are Gateway's own objects, not yet read.
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

    def status_at(self, now: datetime, expire_at: datetime) -> Status:
        """INITIALIZED and USED never end by themselves when the user just leaves: expiry ends them.

        Not once an order was sent: that is the broker's now, and its end comes from there.
        """
        left_open = self.status in (Status.INITIALIZED, Status.USED) and not self.order_requested
        over = self.expired or now >= expire_at + GRACE
        return Status.EXPIRED if left_open and over else self.status
