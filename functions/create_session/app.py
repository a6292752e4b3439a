"""POST /v1/session: what the app needs to initialise the SDK."""

from gateway_backend.contracts.parse_body import parse_body
from gateway_backend.contracts.session_api import BrokerView, SessionRequest, SessionView
from gateway_backend.domain.brokers import broker
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime import clock
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.runtime.secrets import gateway_secret
from gateway_backend.runtime.settings import settings
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.table import Table
from gateway_backend.usecases.start_session import start_session

accounts = Accounts(Table(client("dynamodb"), settings().table_name))
brokers = settings().brokers


@endpoint
def handler(request: Request) -> Response:
    wanted = parse_body(SessionRequest, request.body)
    keys = GatewayKeys.parse(gateway_secret())
    session = start_session(wanted.smallcase_auth_id, user=request.user, now=clock.now(), accounts=accounts, keys=keys)
    known = [broker(session.broker, brokers)] if session.broker else brokers.values()
    return Response.of(
        SessionView(
            gateway_name=keys.gateway_name,
            smallcase_auth_token=session.token,
            expires_at=session.expires_at,
            smallcase_auth_id=session.account_id,
            broker=session.broker,
            amo=settings().after_market_orders,
            brokers=[BrokerView.of(each) for each in known],
        )
    )
