"""The contexts of the use cases, and how many things a worker does at once."""

from __future__ import annotations

import secrets
import time
from functools import cache
from typing import TYPE_CHECKING

from gateway_backend.bootstrap import services, stores
from gateway_backend.runtime import clock
from gateway_backend.runtime.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

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


@cache
def pull_contexts() -> Callable[[], PullContext]:
    from gateway_backend.usecases.contexts import PullContext

    new_gateway, calendar = services.gateways(), services.current_calendar()
    _make_now(stores.connections, stores.snapshots)
    return lambda: PullContext(
        now=clock.now(),
        connections=stores.connections(),
        snapshots=stores.snapshots(),
        gateway=new_gateway(),
        calendar=calendar.read,
        confirm_share=settings().confirm_share,
        wait=time.sleep,
    )


@cache
def sync_contexts() -> Callable[[], SyncContext]:
    from gateway_backend.usecases.contexts import SyncContext

    new_pull = pull_contexts()
    _make_now(stores.transactions, stores.connections, stores.batches)

    def new() -> SyncContext:
        pull = new_pull()
        return SyncContext(
            now=pull.now,
            transactions=stores.transactions(),
            connections=stores.connections(),
            batches=stores.batches(),
            gateway=pull.gateway,
            pull=pull,
        )

    return new


def webhook_contexts() -> Callable[[int], WebhookContext]:
    from gateway_backend.usecases.contexts import WebhookContext

    new_sync = sync_contexts()
    _make_now(stores.receipts, stores.mutual_funds)
    return lambda attempt: WebhookContext(
        attempt=attempt,
        receipts=stores.receipts(),
        mutual_funds=stores.mutual_funds(),
        replay_window=settings().replay_window,
        sync=new_sync(),
    )


def start_contexts() -> Callable[[], StartContext]:
    from gateway_backend.usecases.contexts import StartContext

    new_gateway, order_rules = services.gateways(), settings().order_rules
    _make_now(stores.idempotency_keys, stores.transactions, stores.connections, stores.snapshots, stores.erasures)
    return lambda: StartContext(
        now=clock.now(),
        keys=stores.idempotency_keys(),
        transactions=stores.transactions(),
        connections=stores.connections(),
        snapshots=stores.snapshots(),
        batches=stores.batches,
        erasures=stores.erasures(),
        gateway=new_gateway(),
        rules=order_rules,
        brokers=services.brokers(),
    )


def refresh_request_contexts() -> Callable[[], RefreshRequestContext]:
    """What pulls and what starts an import share one client of Gateway, and with it one share of patience."""
    from gateway_backend.usecases.contexts import RefreshRequestContext

    new_pull, new_start = pull_contexts(), start_contexts()

    def new() -> RefreshRequestContext:
        pull = new_pull()
        start = new_start()._replace(now=pull.now, gateway=pull.gateway)
        return RefreshRequestContext(
            floor=settings().refresh_floor, times=services.refresh_times(), pull=pull, start=start
        )

    return new


def reconcile_context() -> ReconcileContext:
    from gateway_backend.usecases.contexts import ReconcileContext

    return ReconcileContext(
        clock=clock.now,
        receipts=stores.receipts(),
        queue=services.webhook_queue(),
        transactions=stores.transactions(),
        sync=sync_contexts(),
        threads=THREADS,
    )


def erase_context() -> EraseContext:
    from gateway_backend.usecases.contexts import EraseContext

    return EraseContext(
        clock=clock.now,
        erasures=stores.erasures(),
        connections=stores.connections(),
        snapshots=stores.snapshots(),
        receipts=stores.receipts(),
        transactions=stores.transactions(),
        batches=stores.batches(),
        mutual_funds=stores.mutual_funds(),
        account_openings=stores.account_openings(),
        keys=stores.idempotency_keys(),
        threads=THREADS,
    )


def user_data_context() -> UserDataContext:
    from gateway_backend.usecases.contexts import UserDataContext

    return UserDataContext(
        erasures=stores.erasures(),
        connections=stores.connections(),
        snapshots=stores.snapshots(),
        receipts=stores.receipts(),
        transactions=stores.transactions(),
        batches=stores.batches(),
        account_openings=stores.account_openings(),
    )


def plan_contexts() -> Callable[[], PlanContext]:
    from gateway_backend.usecases.contexts import PlanContext

    calendar = services.current_calendar()
    _make_now(stores.connections, stores.refresh_pages, services.refresh_queue)
    return lambda: PlanContext(
        now=clock.now(),
        connections=stores.connections(),
        pages=stores.refresh_pages(),
        queue=services.refresh_queue(),
        calendar=calendar.read(),
        times=services.refresh_times(),
    )


def refresh_contexts() -> Callable[[], RefreshContext]:
    from gateway_backend.domain.refresh.circuit import FailureStreak
    from gateway_backend.store.refresh.circuit import Circuits
    from gateway_backend.usecases.contexts import RefreshContext

    calendar, new_pull, circuits, streak = (
        services.current_calendar(),
        pull_contexts(),
        Circuits(stores.table()),
        FailureStreak(),
    )
    return lambda: RefreshContext(
        clock=clock.now,
        connections=stores.connections(),
        pages=stores.refresh_pages(),
        circuits=circuits,
        queue=services.refresh_queue(),
        pull=new_pull,
        calendar=calendar.read(),
        times=services.refresh_times(),
        threads=THREADS,
        jitter=secrets.randbelow,
        streak=streak,
    )


def _make_now(*collaborators: Callable[[], object]) -> None:
    """Make them when the worker starts: its first request need not wait for it."""
    for make in collaborators:
        make()
