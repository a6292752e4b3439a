"""GET /v1/transactions/{id}/mutual-funds: the statement that a mutual fund import brought, as Gateway sent it."""

from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.holdings.mutual_funds import MutualFunds
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.usecases.holdings.read_mutual_funds import read_mutual_funds

table = Table(client("dynamodb"), settings().table_name)
transactions, mutual_funds = Transactions(table), MutualFunds(table)


@endpoint
def handler(request: Request) -> Response:
    text = read_mutual_funds(
        request.identifier(), user=request.user, transactions=transactions, mutual_funds=mutual_funds
    )
    return Response(body=text)
