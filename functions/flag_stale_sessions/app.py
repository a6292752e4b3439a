"""On a schedule: tell the app which snapshots have gone stale and need their user."""

from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.usecases.connections.flag_stale import flag_stale_sessions

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
calendar = nse_calendar(settings().calendar_overrides)


@scheduled
def handler() -> dict[str, int]:
    return flag_stale_sessions(clock=clock.now, accounts=accounts, calendar=calendar)
