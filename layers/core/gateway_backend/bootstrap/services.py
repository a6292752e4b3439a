"""What is beside the table, and what the operator has set; each is made once a worker."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gateway_backend.bootstrap import stores
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway_backend.domain.market.brokers import Broker
    from gateway_backend.domain.refresh.schedule import RefreshTimes
    from gateway_backend.gateway.client import Gateway
    from gateway_backend.gateway.keys import GatewayKeys
    from gateway_backend.runtime.cursors import Cursors
    from gateway_backend.runtime.event_bus import EventBus
    from gateway_backend.runtime.queue import Queue
    from gateway_backend.runtime.versions import Versions
    from gateway_backend.usecases.market.current_calendar import CurrentCalendar
    from gateway_backend.usecases.users.spend_request import RequestBudget


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


@cache
def versions() -> Versions:
    from gateway_backend.runtime.versions import Versions

    # The first call of a version takes as long as it starts.
    return Versions(client("lambda", read_timeout=50), client("codedeploy"))


# What the operator has set ---------------------------------------------------------------------


@cache
def current_calendar() -> CurrentCalendar:
    from gateway_backend.store.market.announcements import AnnouncementStore
    from gateway_backend.usecases.market.current_calendar import CurrentCalendar

    return CurrentCalendar(AnnouncementStore(stores.table()), settings().calendar_overrides, clock.now)


@cache
def request_budget() -> RequestBudget:
    from gateway_backend.store.users.request_counts import RequestCounts
    from gateway_backend.usecases.users.spend_request import RequestBudget

    return RequestBudget(RequestCounts(stores.table()), settings().user_requests_per_minute, clock.now)


@cache
def refresh_times() -> RefreshTimes:
    from gateway_backend.domain.refresh.schedule import RefreshTimes

    return RefreshTimes(settings().refresh_delay, settings().refresh_spread)


def brokers() -> Mapping[str, Broker]:
    return settings().brokers
