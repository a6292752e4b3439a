"""GET /v1/holdings.csv: holdings for a spreadsheet or a portfolio tracker."""

from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.usecases.holdings.read import export_holdings

accounts = Accounts(Table(client("dynamodb"), settings().table_name))


@endpoint
def handler(request: Request) -> Response:
    text = export_holdings(user=request.user, accounts=accounts)
    disposition = {"content-disposition": 'attachment; filename="holdings.csv"'}
    return Response(body=text, content_type="text/csv; charset=utf-8", headers=disposition)
