"""GET /v1/transactions: the user's transactions, newest first."""

from gateway_backend.contracts.transactions.views import TransactionsView, TransactionView
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.cursors import seal, unseal
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.transactions.transactions import Transactions

transactions = Transactions(Table(client("dynamodb"), settings().table_name))


@endpoint
def handler(request: Request) -> Response:
    scope, secret = f"transactions of {request.user}", GatewayKeys.parse(gateway_secret()).secret
    position = unseal(request.query.get("cursor"), scope=scope, secret=secret)
    limit = request.whole_number("limit", default=20, most=100)
    page, following = transactions.list(request.user, after=position, limit=limit)
    views = [TransactionView.of(transaction) for transaction in page]
    cursor = seal(following, scope=scope, secret=secret)
    return Response.exact(TransactionsView(transactions=views, next_cursor=cursor))
