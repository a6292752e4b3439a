"""GET /v1/connections/{id}/holdings: Gateway's own holdings, digit for digit, and how fresh they are."""

from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.usecases.holdings.read import read_account_holdings

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
calendar = nse_calendar(settings().calendar_overrides)


@endpoint
def handler(request: Request) -> Response:
    document = read_account_holdings(
        request.identifier(),
        request.choice("version", ("v2", "v1")),
        user=request.user,
        now=clock.now(),
        accounts=accounts,
        calendar=calendar,
    )
    return request.unless_unchanged(document.text, document.etag)
