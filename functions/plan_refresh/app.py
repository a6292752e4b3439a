"""On a schedule: after each close, queue the accounts of long-lived sessions, slot by slot."""

from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.schedule import RefreshTimes
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.refresh.pages import Refreshes
from gateway_backend.usecases.refresh.plan import plan_refresh

table = Table(client("dynamodb"), settings().table_name)
accounts, refreshes = Accounts(table), Refreshes(table)
queue = Queue(client("sqs"), settings().refresh_queue_url)


@scheduled
def handler() -> dict[str, int]:
    return plan_refresh(
        now=clock.now(),
        accounts=accounts,
        refreshes=refreshes,
        queue=queue,
        calendar=nse_calendar(settings().calendar_overrides),
        refresh_times=RefreshTimes(settings().refresh_delay, settings().refresh_spread),
    )
