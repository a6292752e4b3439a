"""A transaction: one interaction of a user with Gateway, from its creation until nothing more can come of it.

Gateway's `status` tells how far the interaction is; the `Phase` tells how far we are with it. Every method takes an
event and returns the transaction as it is after it: the same object when nothing changes.
"""

from collections.abc import Sequence
from copy import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gateway_backend.domain.shared.errors import ConnectionWithdrawn
from gateway_backend.domain.transactions.intents import BRINGS_HOLDINGS, SECURITIES, Intent
from gateway_backend.domain.transactions.report import (
    GRACE,
    IMPORT_FAILED,
    NO_OUTCOME,
    NOTHING_CAME,
    ORDER_PENDING,
    TOOK_TOO_LONG,
    Failure,
    Outcome,
    Report,
    Status,
)

if TYPE_CHECKING:
    from gateway_backend.domain.orders.batch import Batch
    from gateway_backend.domain.orders.request import OrderRequest

FIRST_CHECK, LONGEST_CHECK = timedelta(minutes=2), timedelta(hours=6)
"""How long the schedule waits between two checks of an open transaction, at first and at most."""

LONGEST_CHECK_OF_ORDERS = timedelta(hours=1)
CHECKS_BEFORE_EXPIRY = 5
SHORTEST_LIFETIME, LONGEST_LIFETIME = timedelta(minutes=5), timedelta(days=1)
SYNC_INTERVAL = timedelta(seconds=2)
"""The shortest time between two syncs of a transaction, however often the app polls."""

WATCHED_FOR = timedelta(days=1)
"""How long after `expireAt` an order may still turn up that a transaction which ended badly has sent all the same."""

PRICES_AWAITED_FOR = timedelta(days=1)
"""How long an order that has ended is asked about for the prices that Gateway did not know yet (contract 5.3)."""

STUCK_AFTER, GIVEN_UP_AFTER = timedelta(days=1), timedelta(days=7)
IMPORT_GIVEN_UP_AFTER = timedelta(hours=1)
"""After it a completed login whose holdings do not come ends with an error, so that no app polls for ever."""

ORDERS_GIVEN_UP_AFTER = timedelta(days=90)
"""An open order is the exchange's, and may wait for its price for weeks."""


class Phase(StrEnum):
    OPEN = "OPEN"  # Gateway has not called its end
    ENDED = "ENDED"  # Gateway has, and its holdings or orders are not stored yet
    WATCHED = "WATCHED"  # over for its user, but an order that it sent may still turn up
    SETTLED = "SETTLED"  # its end is known and stored: it is not synced again


class Transaction(NamedTuple):
    """`expire_at` is Gateway's. `order`: what the app asked for. `has_orders`: a batch of it is recorded.

    `result_persisted`: its holdings or its orders are stored. `link_refusal`: the code of the error
    for which its account may not be linked. `checks` counts the schedule's checks of it, `next_check_at` is when the
    next is due. `prices_awaited_until`: the orders have ended, and Gateway does not know the price of a fill yet.
    `completed_at`: when Gateway first reported it as COMPLETED to us. `is_erased`: its content was, with its account.
    `item_version` counts the writes of the stored item.
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
    outcome: Outcome = NO_OUTCOME
    status: Status = Status.INITIALIZED
    account_id: str | None = None
    broker: str | None = None
    failure: Failure | None = None
    result_persisted: bool = False
    has_orders: bool = False
    link_refusal: str | None = None
    updated_at: datetime | None = None
    synced_at: datetime | None = None
    checks: int = 0
    next_check_at: datetime | None = None
    prices_awaited_until: datetime | None = None
    completed_at: datetime | None = None
    is_erased: bool = False
    item_version: int = 0

    # Where it stands ---------------------------------------------------------------------------

    def phase(self, now: datetime) -> Phase:
        if not self.is_settled:
            return Phase.ENDED if self.status.is_final else Phase.OPEN
        return Phase.WATCHED if self._is_watched(now) else Phase.SETTLED

    @property
    def is_settled(self) -> bool:
        """Its end is known, and its holdings or orders are stored.

        An order may live on when its transaction ended badly, so each end of one is looked at once. It is the user's
        own even where the account belongs to another user, but not when they have withdrawn their consent.
        """
        if self.link_refusal and not (self.can_place_orders and self.link_refusal != ConnectionWithdrawn.code):
            return True
        has_result = self.can_place_orders or (self.status is Status.COMPLETED and self.intent in BRINGS_HOLDINGS)
        return self.status.is_final and (self.result_persisted or not has_result)

    @property
    def can_place_orders(self) -> bool:
        return self.intent is Intent.TRANSACTION

    def is_open_order_for(self, iscid: str) -> bool:
        """Whether it may still have open orders for that investment, which the request names, or else the outcome."""
        requested = self.order.iscid if self.order else None
        return self.can_place_orders and not self.is_settled and iscid in (requested, self.outcome.iscid)

    @property
    def shown_failure(self) -> Failure | None:
        """The failure as the user may see it, who must never begin again what has been sent to the broker."""
        if self.failure is None or (self.failure.code == ORDER_PENDING and not self.is_settled):
            return self.failure
        is_under_way = self.status in (Status.PROCESSING, Status.ACTION_REQUIRED, Status.COMPLETED)
        return None if self.has_orders or is_under_way else self.failure

    def is_about(self, account_id: str) -> bool:
        """Whether the account is its own: the one it was started for, and the first that Gateway named."""
        return all(expected in (None, account_id) for expected in (self.account_id, self.requested_account_id))

    def was_just_synced(self, now: datetime) -> bool:
        return self.synced_at is not None and now - self.synced_at < SYNC_INTERVAL

    def is_stuck(self, now: datetime) -> bool:
        return not self.is_settled and not self.has_orders and now - self.created_at > STUCK_AFTER

    def _is_watched(self, now: datetime) -> bool:
        """A price is missing; or it ended badly after a login without an order: one may have been sent all the same.

        The SDK ends a transaction by itself when it gives up (contract 5.6), while the broker may still fill the order.
        """
        if self.prices_awaited_until and now < self.prices_awaited_until:
            return True
        may_have_ordered = self.can_place_orders and self.account_id is not None and not self.has_orders
        return self.status.is_bad_end and may_have_ordered and now < self.expire_at + WATCHED_FOR

    # What happens to it ------------------------------------------------------------------------

    def apply_report(self, report: Report, now: datetime) -> "Transaction":
        """Gateway has answered. An older status never replaces a later one."""
        status = max(self.status, report.status_at(now, self.expire_at), key=lambda status: status.rank)
        return replace(
            self,
            status=status,
            account_id=self.account_id or report.account_id,
            broker=report.broker or self.broker,
            failure=None if status is Status.COMPLETED else report.failure or self.failure,
            outcome=NO_OUTCOME if self.is_erased else self.outcome.updated(report.outcome, now),
            completed_at=self.completed_at or (now if status is Status.COMPLETED else None),
            updated_at=now,
            synced_at=now,
        )._scheduled(now)

    def record_failed_sync(self, now: datetime, *, is_unknown: bool) -> "Transaction":
        """Gateway did not answer, or answers that it knows of no such transaction (`is_unknown`).

        A Gateway in trouble may not know it for a while, so that is believed only after two hours of asking: then what
        was left open has expired, and what has ended without an order known to us has none.
        """
        synced = replace(self, synced_at=now)
        is_gone = is_unknown and now >= self.expire_at + GRACE and self.checks >= CHECKS_BEFORE_EXPIRY
        if is_gone and self.status.is_left_open:
            synced = replace(synced, status=Status.EXPIRED, updated_at=now)
        if is_gone and synced.can_place_orders and synced.status.is_final and not synced.has_orders:
            return synced.persist_result(now)
        return synced._scheduled(now)

    def record_client_failure(self, failure: Failure | None, now: datetime) -> "Transaction":
        """The SDK reports that it failed, and Gateway cannot be asked: the first failure is kept until it can be."""
        return replace(self, failure=self.failure or failure, updated_at=now)._scheduled(now)

    def refuse_link(self, refusal: str, now: datetime) -> "Transaction":
        """Its account may not be linked to this user: nothing more comes of it, but for an order that it placed.

        That the user has withdrawn their consent is the last word: no later refusal opens the transaction again.
        """
        if self.link_refusal in (refusal, ConnectionWithdrawn.code):
            return self
        return replace(self, link_refusal=refusal, updated_at=now)._scheduled(now)

    def record_orders(self, now: datetime, *, is_open: bool) -> "Transaction":
        """An order of it is known. While one is open, so is the transaction, even if it had been settled."""
        until = None if is_open else self.prices_awaited_until
        persisted = self.result_persisted and not is_open
        recorded = replace(self, has_orders=True, result_persisted=persisted, prices_awaited_until=until)
        return self if recorded == self else recorded._scheduled(now) if is_open else recorded

    def settle_orders(self, batches: "Sequence[Batch]", now: datetime, *, order_requested: bool) -> "Transaction":
        """It is settled once Gateway has ended it and each of its orders is final.

        An order that was sent ends COMPLETED, however the SDK's part ended: what the exchange did is in the orders. A
        worker that saw no order cannot settle what another one has just found an order of.
        """
        if self.result_persisted:
            return self._await_prices(batches, now) if self.is_settled else self
        is_over = all(batch.is_final for batch in batches)
        is_over = is_over and bool(batches or not self._expects_orders(order_requested))
        if not (self.status.is_final and is_over) or (self.has_orders and not batches):
            return self
        has_succeeded = bool(batches) and self.status is not Status.ACTION_REQUIRED
        ended = replace(self, status=Status.COMPLETED, failure=None) if has_succeeded else self
        return ended.persist_result(now)._await_prices(batches, now)

    def complete(self, report: Report, now: datetime) -> "Transaction":
        """What it was begun for is stored, whatever Gateway's status still is."""
        return replace(self.apply_report(report, now), status=Status.COMPLETED, failure=None).persist_result(now)

    def persist_result(self, now: datetime) -> "Transaction":
        """Its holdings or orders are stored."""
        return self if self.result_persisted else replace(self, result_persisted=True, updated_at=now)._scheduled(now)

    def postpone_check(self, now: datetime) -> "Transaction":
        """The schedule has checked it: the next check comes after twice as long, and once it is settled, none.

        One that stays open for too long is given up.
        """
        if self.phase(now) is Phase.SETTLED:
            return replace(self, next_check_at=None)
        since = self.completed_at if self._awaits_import and self.completed_at else self.created_at
        if not self.is_settled and now - since > self._patience:
            return replace(self._give_up(now), next_check_at=None)
        checked = replace(self, checks=self.checks + 1)
        return replace(checked, next_check_at=checked._next_check(now))

    def erase_content(self) -> "Transaction":
        """The account was unlinked: request and outcome are erased for good. That the transaction took place stays."""
        return replace(self, outcome=NO_OUTCOME, order=None, note=None, is_erased=True)

    @property
    def _patience(self) -> timedelta:
        if self.has_orders:
            return ORDERS_GIVEN_UP_AFTER
        return IMPORT_GIVEN_UP_AFTER if self._awaits_import else GIVEN_UP_AFTER

    @property
    def _awaits_import(self) -> bool:
        return self.intent is Intent.HOLDINGS_IMPORT and self.status is Status.COMPLETED

    def _give_up(self, now: datetime) -> "Transaction":
        """An end with an error that says what the user can do. What comes all the same revives the transaction.

        An order that has ended, and of which Gateway shows no batch, ends without one.
        """
        if self.has_orders:
            return self
        if self.can_place_orders and self.status.is_final:
            return self.persist_result(now)
        if self.can_place_orders:  # nobody is invited to order again what the broker may have
            return replace(self, status=Status.ERRORED, failure=NOTHING_CAME, updated_at=now).persist_result(now)
        failure = IMPORT_FAILED if self.status is Status.COMPLETED else TOOK_TOO_LONG
        return replace(self, status=Status.ERRORED, failure=self.failure or failure, updated_at=now)

    def _await_prices(self, batches: "Sequence[Batch]", now: datetime) -> "Transaction":
        lacking = any(batch.lacks_price for batch in batches)
        until = (self.prices_awaited_until or now + PRICES_AWAITED_FOR) if lacking else None
        return self if until == self.prices_awaited_until else replace(self, prices_awaited_until=until)._scheduled(now)

    def _expects_orders(self, order_requested: bool) -> bool:
        """Whether there must be a batch, so that finding none means not yet."""
        is_pending = self.failure is not None and self.failure.code == ORDER_PENDING
        was_basket = self.order is not None and self.order.type == SECURITIES
        return order_requested or is_pending or (self.status is Status.COMPLETED and was_basket)

    def _scheduled(self, now: datetime) -> "Transaction":
        """What is settled is checked no more; what has come back to life is checked again."""
        if self.phase(now) is Phase.SETTLED:
            return replace(self, next_check_at=None)
        return self if self.next_check_at else replace(self, next_check_at=self._next_check(now))

    def _next_check(self, now: datetime) -> datetime:
        longest = LONGEST_CHECK_OF_ORDERS if self.can_place_orders else LONGEST_CHECK
        return now + min(longest, FIRST_CHECK * (1 << min(self.checks, 10)))


def begin(transaction: Transaction) -> Transaction:
    """A new transaction is checked for the first time two minutes after it was created."""
    return transaction._scheduled(transaction.created_at)


def expiry_of(reported: datetime | None, now: datetime) -> datetime:
    """Gateway's `expireAt`, unless it is missing or absurd: then the shortest lifetime is assumed (contract 2.12)."""
    is_plausible = reported is not None and abs(reported - now) <= LONGEST_LIFETIME
    return reported if reported and is_plausible else now + SHORTEST_LIFETIME
