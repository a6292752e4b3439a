"""POST /v1/transactions: start an interaction of the user with Gateway."""

from gateway_backend.contracts.parse_transaction_request import parse_transaction_request
from gateway_backend.contracts.transaction_request import TransactionCreated
from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.idempotency import IdempotencyKeys
from gateway_backend.store.table import Table
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.start_transaction import StartContext, start_transaction

table = Table(client("dynamodb"), settings().table_name)
http = open_session()
rules, brokers = settings().order_rules, settings().brokers


@endpoint
def handler(request: Request) -> Response:
    wanted = parse_transaction_request(request.body)
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    context = StartContext(
        now=clock.now(),
        keys=IdempotencyKeys(table),
        transactions=Transactions(table),
        accounts=Accounts(table),
        table=table,
        gateway=gateway,
        rules=rules,
        brokers=brokers,
    )
    key = request.idempotency_key
    started = start_transaction(wanted, user=request.user, idempotency_key=key, attempt=request.id, context=context)
    view = TransactionCreated.of(started.transaction, started.token, gateway.keys.gateway_name, started.warnings)
    return Response.of(view, 201, **({"idempotent_replayed": "true"} if started.replayed else {}))
