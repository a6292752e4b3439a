"""The refresh queue: pull a page of accounts from Gateway, a few at a time."""

from gateway_backend.contracts.refresh_message import parse_page
from gateway_backend.domain.market_calendar import nse_calendar
from gateway_backend.domain.refreshes import RefreshTimes
from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.batches import queue_worker
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.circuit import Circuits
from gateway_backend.store.refreshes import Refreshes
from gateway_backend.store.table import Table
from gateway_backend.usecases.refresh_page import RefreshContext, refresh_page

table, http = Table(client("dynamodb"), settings().table_name), open_session()
context = RefreshContext(
    clock=clock.now,
    accounts=Accounts(table),
    refreshes=Refreshes(table),
    circuits=Circuits(table),
    queue=Queue(client("sqs"), settings().refresh_queue_url),
    gateway=lambda: Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret())),
    calendar=nse_calendar(settings().calendar_overrides),
    refresh_times=RefreshTimes(settings().refresh_delay, settings().refresh_spread),
    confirm_share=settings().confirm_share,
)


@queue_worker(settings().refresh_queue_url)
def handler(message: str, _attempt: int) -> None:
    refresh_page(parse_page(message), context)
