"""POST /webhooks/smallcase: keep what Gateway says, then let the queue work on it."""

from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.webhooks.accept import accept_webhook

receipts = Receipts(Table(client("dynamodb"), settings().table_name), settings().receipt_retention)
webhooks = Queue(client("sqs"), settings().webhook_queue_url)


@endpoint
def handler(request: Request) -> Response:
    accept_webhook(
        request.raw_body,
        now=clock.now(),
        api_secrets=GatewayKeys.parse(gateway_secret()).api_secrets,
        receipts=receipts,
        queue=webhooks,
    )
    return Response(body='{"received":true}')
