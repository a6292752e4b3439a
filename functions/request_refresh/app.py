"""POST /v1/connections/{id}/refresh: newer holdings now, or the login that they need."""

from gateway_backend.contracts.refresh_api import RefreshView
from gateway_backend.domain.market_calendar import nse_calendar
from gateway_backend.domain.refreshes import Refresh, RefreshTimes
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
from gateway_backend.usecases.request_refresh import request_refresh
from gateway_backend.usecases.start_transaction import StartContext

STATUS = {Refresh.UPDATING: 202, Refresh.LOGIN_NEEDED: 201}
table, http = Table(client("dynamodb"), settings().table_name), open_session()
rules, brokers = settings().order_rules, settings().brokers
calendar = nse_calendar(settings().calendar_overrides)
times = RefreshTimes(settings().refresh_delay, settings().refresh_spread)


@endpoint
def handler(request: Request) -> Response:
    gateway = Gateway(http, settings().gateway_base_url, GatewayKeys.parse(gateway_secret()))
    done = request_refresh(
        request.identifier(),
        user=request.user,
        idempotency_key=request.idempotency_key,
        attempt=request.id,
        floor=settings().refresh_floor,
        context=StartContext(
            clock.now(), IdempotencyKeys(table), Transactions(table), Accounts(table), table, gateway, rules, brokers
        ),
        calendar=calendar,
        refresh_times=times,
        confirm_share=settings().confirm_share,
    )
    replayed = {"idempotent_replayed": "true"} if done.replayed else {}
    return Response.of(RefreshView.of(done, gateway.keys.gateway_name), STATUS.get(done.refresh, 200), **replayed)
