"""What the use cases work with. `bootstrap` makes these; nothing here has a default, so that nothing can be forgotten.

The types are named for checkers only: defining a context imports none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from decimal import Decimal

    from gateway_backend.domain.market.brokers import Broker
    from gateway_backend.domain.market.calendar import MarketCalendar
    from gateway_backend.domain.orders.request import OrderRules
    from gateway_backend.domain.refresh.circuit import FailureStreak
    from gateway_backend.domain.refresh.schedule import RefreshTimes
    from gateway_backend.gateway.client import Gateway
    from gateway_backend.runtime.queue import Queue
    from gateway_backend.store.connections.account_openings import AccountOpenings
    from gateway_backend.store.connections.connections import Connections
    from gateway_backend.store.erasure.erasures import Erasures
    from gateway_backend.store.holdings.mutual_funds import MutualFunds
    from gateway_backend.store.holdings.snapshots import Snapshots
    from gateway_backend.store.orders.batches import Batches
    from gateway_backend.store.refresh.circuit import Circuits
    from gateway_backend.store.refresh.pages import RefreshPages
    from gateway_backend.store.transactions.idempotency import IdempotencyKeys
    from gateway_backend.store.transactions.transactions import Transactions
    from gateway_backend.store.webhooks.receipts import Receipts


class PullContext(NamedTuple):
    """For one pull of holdings. `gateway` serves one request or message, and `wait` sleeps for some seconds.

    `calendar` reads it, which few pulls need. `confirm_share`: when such a share (0 to 1) of the last snapshot is gone,
    a later pull must agree.
    """

    now: datetime
    connections: Connections
    snapshots: Snapshots
    gateway: Gateway
    calendar: Callable[[], MarketCalendar]
    confirm_share: Decimal
    wait: Callable[[float], None]


class SyncContext(NamedTuple):
    """For syncing a transaction with Gateway."""

    now: datetime
    transactions: Transactions
    connections: Connections
    batches: Batches
    gateway: Gateway
    pull: PullContext


class WebhookContext(NamedTuple):
    """For applying one receipt. `attempt` counts from one; `replay_window` is how old a signature may be."""

    attempt: int
    receipts: Receipts
    mutual_funds: MutualFunds
    replay_window: timedelta
    sync: SyncContext


class StartContext(NamedTuple):
    """For starting a transaction. `rules` is what the contract leaves open about orders, `brokers` what each can do.

    `batches` is made when an order is cancelled, so that nothing else pays for it at its cold start.
    """

    now: datetime
    keys: IdempotencyKeys
    transactions: Transactions
    connections: Connections
    snapshots: Snapshots
    batches: Callable[[], Batches]
    erasures: Erasures
    gateway: Gateway
    rules: OrderRules
    brokers: Mapping[str, Broker]


class RefreshRequestContext(NamedTuple):
    """For a refresh that a user asks for; `floor` is the least time between two of one account."""

    floor: timedelta
    times: RefreshTimes
    pull: PullContext
    start: StartContext


class ReconcileContext(NamedTuple):
    """For the schedule that syncs open transactions. `sync` makes the context of one of them."""

    clock: Callable[[], datetime]
    receipts: Receipts
    queue: Queue
    transactions: Transactions
    sync: Callable[[], SyncContext]
    threads: int


class EraseContext(NamedTuple):
    """For erasing what users have taken back."""

    clock: Callable[[], datetime]
    erasures: Erasures
    connections: Connections
    snapshots: Snapshots
    receipts: Receipts
    transactions: Transactions
    batches: Batches
    mutual_funds: MutualFunds
    account_openings: AccountOpenings
    keys: IdempotencyKeys
    threads: int


class UserDataContext(NamedTuple):
    """For showing users what is stored of them."""

    erasures: Erasures
    connections: Connections
    snapshots: Snapshots
    receipts: Receipts
    transactions: Transactions
    batches: Batches
    account_openings: AccountOpenings


class PlanContext(NamedTuple):
    """For queueing the pages of a refresh."""

    now: datetime
    connections: Connections
    pages: RefreshPages
    queue: Queue
    calendar: MarketCalendar
    times: RefreshTimes


class RefreshContext(NamedTuple):
    """For one page of a refresh. `pull` makes the context for one account's pull.

    `streak` is what has failed in a row in this worker; `jitter` gives a random number below its argument.
    """

    clock: Callable[[], datetime]
    connections: Connections
    pages: RefreshPages
    circuits: Circuits
    queue: Queue
    pull: Callable[[], PullContext]
    calendar: MarketCalendar
    times: RefreshTimes
    threads: int
    jitter: Callable[[int], int]
    streak: FailureStreak
