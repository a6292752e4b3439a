"""POST /v1/session: what the app needs to initialise the SDK."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.connections.session import BrokerView, SessionRequest, SessionView
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.market.brokers import find_broker
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.settings import settings
from gateway_backend.usecases.connections.start_session import start_session

connections, brokers = stores.connections(), services.brokers()


@endpoint()
def handler(request: Request) -> Response:
    body, keys = parse_body(SessionRequest, request.body), services.gateway_keys()
    session = start_session(
        body.smallcase_auth_id, user=request.user, now=clock.now(), connections=connections, keys=keys
    )
    offered = [find_broker(session.broker, brokers)] if session.broker else brokers.values()
    return Response.of(
        SessionView(
            gateway_name=keys.gateway_name,
            smallcase_auth_token=session.token,
            expires_at=session.expires_at,
            smallcase_auth_id=session.account_id,
            broker=session.broker,
            amo=settings().after_market_orders,
            brokers=[BrokerView.of(broker) for broker in offered],
        )
    )
