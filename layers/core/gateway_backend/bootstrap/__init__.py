"""The composition root: the one place that knows how the collaborators of the use cases are made.

A handler gets its collaborators when it is imported, which is when a worker starts. Each is made once a worker, and
imported where it is made, so that a cold start pays for nothing that its function does not use.

What belongs to one request or message (its time, its share of Gateway's patience) comes in a context. A function here
that ends in `_contexts` makes the collaborators at once and gives a function that makes one context after the other.
The stores are made in `stores`, and offered here.
"""

from __future__ import annotations

import secrets
import time
from functools import cache
from typing import TYPE_CHECKING

from gateway_backend.bootstrap.stores import (
    account_openings as account_openings,
)
from gateway_backend.bootstrap.stores import (
    batches as batches,
)
from gateway_backend.bootstrap.stores import (
    connections as connections,
)
from gateway_backend.bootstrap.stores import (
    erasures as erasures,
)
from gateway_backend.bootstrap.stores import (
    idempotency_keys as idempotency_keys,
)
from gateway_backend.bootstrap.stores import (
    mutual_funds as mutual_funds,
)
from gateway_backend.bootstrap.stores import (
    receipts as receipts,
)
from gateway_backend.bootstrap.stores import (
    refresh_pages as refresh_pages,
)
from gateway_backend.bootstrap.stores import (
    snapshots as snapshots,
)
from gateway_backend.bootstrap.stores import (
    table,
)
from gateway_backend.bootstrap.stores import (
    transactions as transactions,
)
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway_backend.domain.market.brokers import Broker
    from gateway_backend.domain.market.calendar import MarketCalendar
    from gateway_backend.domain.refresh.schedule import RefreshTimes
    from gateway_backend.gateway.client import Gateway
    from gateway_backend.gateway.keys import GatewayKeys
    from gateway_backend.runtime.cursors import Cursors
    from gateway_backend.runtime.event_bus import EventBus
    from gateway_backend.runtime.queue import Queue
    from gateway_backend.usecases.contexts import (
        EraseContext,
        PlanContext,
        PullContext,
        ReconcileContext,
        RefreshContext,
        RefreshRequestContext,
        StartContext,
        SyncContext,
        UserDataContext,
        WebhookContext,
    )

THREADS = 10
"""How many accounts or transactions a schedule or a refresh works on at once: most of that is waiting for Gateway."""


# Other services --------------------------------------------------------------------------------


@cache
def webhook_queue() -> Queue:
    from gateway_backend.runtime.queue import Queue

    return Queue(client("sqs"), settings().webhook_queue_url)


@cache
def refresh_queue() -> Queue:
    from gateway_backend.runtime.queue import Queue

    return Queue(client("sqs"), settings().refresh_queue_url)


@cache
def event_bus() -> EventBus:
    from gateway_backend.runtime.event_bus import EventBus

    return EventBus(client("events"), settings().event_bus_name)


def gateway_keys() -> GatewayKeys:
    """Read for each request, so that a rotation of the secret reaches a warm worker within a minute."""
    from gateway_backend.gateway.keys import GatewayKeys
    from gateway_backend.runtime.secrets import gateway_secret

    return GatewayKeys.parse(gateway_secret())


def cursors() -> Cursors:
    from gateway_backend.runtime.cursors import Cursors

    return Cursors(gateway_keys().secret)


@cache
def gateways() -> Callable[[], Gateway]:
    """A client of Gateway for each request or message, all over one HTTP session."""
    from gateway_backend.gateway.client import Gateway, open_session

    session = open_session()
    return lambda: Gateway(session, settings().gateway_base_url, gateway_keys())


# What the operator has set ---------------------------------------------------------------------


@cache
def calendar() -> MarketCalendar:
    from gateway_backend.domain.market.calendar import nse_calendar

    return nse_calendar(settings().calendar_overrides)


@cache
def refresh_times() -> RefreshTimes:
    from gateway_backend.domain.refresh.schedule import RefreshTimes

    return RefreshTimes(settings().refresh_delay, settings().refresh_spread)


def brokers() -> Mapping[str, Broker]:
    return settings().brokers


# Contexts --------------------------------------------------------------------------------------


@cache
def pull_contexts() -> Callable[[], PullContext]:
    from gateway_backend.usecases.contexts import PullContext

    new_gateway = gateways()
    _make_now(connections, snapshots)
    return lambda: PullContext(
        now=clock.now(),
        connections=connections(),
        snapshots=snapshots(),
        gateway=new_gateway(),
        calendar=calendar(),
        confirm_share=settings().confirm_share,
        wait=time.sleep,
    )


@cache
def sync_contexts() -> Callable[[], SyncContext]:
    from gateway_backend.usecases.contexts import SyncContext

    new_pull = pull_contexts()
    _make_now(transactions, connections, batches)

    def new() -> SyncContext:
        pull = new_pull()
        return SyncContext(
            now=pull.now,
            transactions=transactions(),
            connections=connections(),
            batches=batches(),
            gateway=pull.gateway,
            pull=pull,
        )

    return new


def webhook_contexts() -> Callable[[int], WebhookContext]:
    from gateway_backend.usecases.contexts import WebhookContext

    new_sync = sync_contexts()
    _make_now(receipts, mutual_funds)
    return lambda attempt: WebhookContext(
        attempt=attempt,
        receipts=receipts(),
        mutual_funds=mutual_funds(),
        replay_window=settings().replay_window,
        sync=new_sync(),
    )


def start_contexts() -> Callable[[], StartContext]:
    from gateway_backend.usecases.contexts import StartContext

    new_gateway, order_rules = gateways(), settings().order_rules
    _make_now(idempotency_keys, transactions, connections, snapshots, erasures)
    return lambda: StartContext(
        now=clock.now(),
        keys=idempotency_keys(),
        transactions=transactions(),
        connections=connections(),
        snapshots=snapshots(),
        batches=batches,
        erasures=erasures(),
        gateway=new_gateway(),
        rules=order_rules,
        brokers=brokers(),
    )


def refresh_request_contexts() -> Callable[[], RefreshRequestContext]:
    """What pulls and what starts an import share one client of Gateway, and with it one share of patience."""
    from gateway_backend.usecases.contexts import RefreshRequestContext

    new_pull, new_start = pull_contexts(), start_contexts()

    def new() -> RefreshRequestContext:
        pull = new_pull()
        start = new_start()._replace(now=pull.now, gateway=pull.gateway)
        return RefreshRequestContext(floor=settings().refresh_floor, times=refresh_times(), pull=pull, start=start)

    return new


def reconcile_context() -> ReconcileContext:
    from gateway_backend.usecases.contexts import ReconcileContext

    return ReconcileContext(
        clock=clock.now,
        receipts=receipts(),
        queue=webhook_queue(),
        transactions=transactions(),
        sync=sync_contexts(),
        threads=THREADS,
    )


def erase_context() -> EraseContext:
    from gateway_backend.usecases.contexts import EraseContext

    return EraseContext(
        clock=clock.now,
        erasures=erasures(),
        connections=connections(),
        snapshots=snapshots(),
        receipts=receipts(),
        transactions=transactions(),
        batches=batches(),
        mutual_funds=mutual_funds(),
        account_openings=account_openings(),
        keys=idempotency_keys(),
        threads=THREADS,
    )


def user_data_context() -> UserDataContext:
    from gateway_backend.usecases.contexts import UserDataContext

    return UserDataContext(
        erasures=erasures(),
        connections=connections(),
        snapshots=snapshots(),
        receipts=receipts(),
        transactions=transactions(),
        batches=batches(),
        account_openings=account_openings(),
    )


def plan_contexts() -> Callable[[], PlanContext]:
    from gateway_backend.usecases.contexts import PlanContext

    _make_now(connections, refresh_pages, refresh_queue, calendar)
    return lambda: PlanContext(
        now=clock.now(),
        connections=connections(),
        pages=refresh_pages(),
        queue=refresh_queue(),
        calendar=calendar(),
        times=refresh_times(),
    )


def refresh_context() -> RefreshContext:
    from gateway_backend.domain.refresh.circuit import FailureStreak
    from gateway_backend.store.refresh.circuit import Circuits
    from gateway_backend.usecases.contexts import RefreshContext

    return RefreshContext(
        clock=clock.now,
        connections=connections(),
        pages=refresh_pages(),
        circuits=Circuits(table()),
        queue=refresh_queue(),
        pull=pull_contexts(),
        calendar=calendar(),
        times=refresh_times(),
        threads=THREADS,
        jitter=secrets.randbelow,
        streak=FailureStreak(),
    )


def _make_now(*collaborators: Callable[[], object]) -> None:
    """Make them when the worker starts: its first request need not wait for it."""
    for make in collaborators:
        make()
