"""GET /v1/holdings: all accounts, consolidated by ISIN."""

from gateway_backend.domain import exact_json
from gateway_backend.domain.market_calendar import nse_calendar
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.table import Table
from gateway_backend.usecases.read_holdings import read_holdings

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
calendar = nse_calendar(settings().calendar_overrides)


@endpoint
def handler(request: Request) -> Response:
    holdings = read_holdings(user=request.user, now=clock.now(), accounts=accounts, calendar=calendar)
    return Response(body=exact_json.dumps(holdings))
