"""GET /v1/account-openings: the broker accounts that the user began to open, newest first."""

from gateway_backend.contracts.connections.account_opening import OpeningsView, OpeningView
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.account_openings import AccountOpenings
from gateway_backend.store.dynamodb.table import Table

openings = AccountOpenings(Table(client("dynamodb"), settings().table_name))


@endpoint
def handler(request: Request) -> Response:
    views = [OpeningView.of(opening) for opening in openings.newest(request.user)]
    return Response.of(OpeningsView(account_openings=views))
