"""POST /v1/transactions/{id}/result: what the SDK resolved or rejected with."""

from gateway_backend.contracts.parse_body import parse_body
from gateway_backend.contracts.result_api import ResultRequest
from gateway_backend.contracts.sdk_result import parse_sdk_result
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
from gateway_backend.usecases.complete_transaction import complete_transaction
from gateway_backend.usecases.sync_context import SyncContext

table = Table(client("dynamodb"), settings().table_name)
accounts, orders, transactions = Accounts(table), Orders(table), Transactions(table)
http = open_session()


@endpoint
def handler(request: Request) -> Response:
    body = parse_body(ResultRequest, request.body)
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    transaction = complete_transaction(
        request.identifier(),
        parse_sdk_result(body.given, rejected=body.was_rejected),
        user=request.user,
        context=SyncContext(clock.now(), transactions, accounts, orders, gateway, settings().confirm_share),
    )
    return Response.exact(TransactionView.of(transaction), 200 if transaction.is_settled else 202)
