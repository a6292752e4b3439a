"""The webhook queue: bind each receipt, confirm it with Gateway, apply it."""

from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.batches import queue_worker
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.mutual_funds import MutualFunds
from gateway_backend.store.orders import Orders
from gateway_backend.store.receipts import ReceiptKey, Receipts
from gateway_backend.store.table import Table
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.apply_webhook import apply_webhook
from gateway_backend.usecases.sync_context import SyncContext
from gateway_backend.usecases.webhook_context import WebhookContext

table = Table(client("dynamodb"), settings().table_name)
accounts, orders, transactions = Accounts(table), Orders(table), Transactions(table)
receipts, mutual_funds = Receipts(table, settings().receipt_retention), MutualFunds(table)
http = open_session()


@queue_worker(settings().webhook_queue_url)
def handler(message: str, attempt: int) -> None:
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    settling = SyncContext(clock.now(), transactions, accounts, orders, gateway, settings().confirm_share)
    apply_webhook(
        ReceiptKey.parse(message),
        attempt=attempt,
        replay_window=settings().replay_window,
        context=WebhookContext(receipts, mutual_funds, settling),
    )
