"""GET /v1/holdings/changes: what was added, removed or changed since a date."""

from gateway_backend.domain import exact_json, times
from gateway_backend.domain.market_calendar import nse_calendar
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.table import Table
from gateway_backend.usecases.read_changes import read_changes

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
calendar = nse_calendar(settings().calendar_overrides)


@endpoint
def handler(request: Request) -> Response:
    now = clock.now()
    since = times.parse_since(request.query.get("since"), now)
    changes = read_changes(since, user=request.user, now=now, accounts=accounts, calendar=calendar)
    return Response(body=exact_json.dumps(changes))
