"""DELETE /v1/connections/{id}: unlink the account and erase what we hold of it."""

from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.orders.batches import Orders
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.connections.unlink import unlink_account

table = Table(client("dynamodb"), settings().table_name)
accounts, orders = Accounts(table), Orders(table)
receipts = Receipts(table, settings().receipt_retention)


@endpoint
def handler(request: Request) -> Response:
    unlink_account(
        request.identifier(),
        user=request.user,
        now=clock.now(),
        accounts=accounts,
        receipts=receipts,
        orders=orders,
        transactions=Transactions(table),
    )
    return Response(204)
