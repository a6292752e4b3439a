"""GET /v1/transactions/{id}: one transaction; while it is open, Gateway is asked how it stands."""

from gateway_backend.contracts.transaction_api import TransactionView
from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.orders import Orders
from gateway_backend.store.table import Table
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.sync_context import SyncContext
from gateway_backend.usecases.sync_transaction import sync_if_open

table = Table(client("dynamodb"), settings().table_name)
accounts, orders, transactions = Accounts(table), Orders(table), Transactions(table)
http = open_session()


@endpoint
def handler(request: Request) -> Response:
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    context = SyncContext(clock.now(), transactions, accounts, orders, gateway, settings().confirm_share)
    transaction = sync_if_open(transactions.owned(request.identifier(), request.user), context)
    return Response.exact(TransactionView.of(transaction))
