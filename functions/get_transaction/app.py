"""GET /v1/transactions/{id}: one transaction; while it is open, Gateway is asked how it stands."""

from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.orders.batches import Orders
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.usecases.transactions.sync import sync_if_open
from gateway_backend.usecases.transactions.sync_context import SyncContext

table = Table(client("dynamodb"), settings().table_name)
accounts, orders, transactions = Accounts(table), Orders(table), Transactions(table)
http = open_session()


@endpoint
def handler(request: Request) -> Response:
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    context = SyncContext(clock.now(), transactions, accounts, orders, gateway, settings().confirm_share)
    transaction = sync_if_open(transactions.owned(request.identifier(), request.user), context)
    return Response.exact(TransactionView.of(transaction))
