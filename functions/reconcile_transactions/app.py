"""On a schedule: ask Gateway about open transactions, and queue receipts again whose message was lost."""

from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.orders.batches import Orders
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions

table, http = Table(client("dynamodb"), settings().table_name), open_session()
accounts, transactions = Accounts(table), Transactions(table)
receipts = Receipts(table, settings().receipt_retention)
webhooks = Queue(client("sqs"), settings().webhook_queue_url)


@scheduled
def handler() -> dict[str, int]:
    return reconcile_transactions(
        clock=clock.now,
        receipts=receipts,
        queue=webhooks,
        transactions=transactions,
        accounts=accounts,
        orders=Orders(table),
        gateway=lambda: Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret())),
        confirm_share=settings().confirm_share,
    )
