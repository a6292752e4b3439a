"""GET /v1/connections: every linked broker account with its health."""

from gateway_backend.contracts.connections.views import ConnectionsView, ConnectionView
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.schedule import RefreshTimes
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
calendar = nse_calendar(settings().calendar_overrides)
times = RefreshTimes(settings().refresh_delay, settings().refresh_spread)


@endpoint
def handler(request: Request) -> Response:
    now = clock.now()
    owned = accounts.all_of(request.user)
    views = [
        ConnectionView.of(account, account.verdict(now, calendar), times.next_due(account, now, calendar))
        for account in owned
    ]
    return Response.of(ConnectionsView(connections=views))
