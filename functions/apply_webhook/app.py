"""The webhook queue: bind each receipt, confirm it with Gateway, apply it."""

from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.batches import queue_worker
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.receipts import ReceiptKey, Receipts
from gateway_backend.store.table import Table
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.apply_webhook import apply_webhook
from gateway_backend.usecases.settle_transaction import Settling

table = Table(client("dynamodb"), settings().table_name)
accounts, transactions = Accounts(table), Transactions(table)
receipts = Receipts(table, settings().receipt_retention)
http = open_session()


@queue_worker(settings().webhook_queue_url)
def handler(message: str, attempt: int) -> None:
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    apply_webhook(
        ReceiptKey.parse(message),
        attempt=attempt,
        replay_window=settings().replay_window,
        receipts=receipts,
        tools=Settling(clock.now(), transactions, accounts, gateway, settings().confirm_share),
    )
