"""POST /webhooks/smallcase: make an authentic webhook durable, then let the queue work on it."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import ANY, Request, Response, endpoint
from gateway_backend.usecases.webhooks.accept import accept_webhook

receipts, webhooks = stores.receipts(), services.webhook_queue()


@endpoint(query=ANY)
def handler(request: Request) -> Response:
    accept_webhook(
        request.raw_body,
        now=clock.now(),
        api_secrets=services.gateway_keys().api_secrets,
        receipts=receipts,
        queue=webhooks,
    )
    return Response(body='{"received":true}')
