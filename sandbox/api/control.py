"""The control API (`/_sandbox/…`), with which tests, tools and the demo control the sandbox."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import exact_json
from sandbox.api import control_bodies as bodies
from sandbox.api.control_bodies import read_body
from sandbox.api.responses import exact_json_response
from sandbox.api.transaction_details import transaction_details
from sandbox.errors import ControlError
from sandbox.faults import Fault
from sandbox.market.trading_hours import MarketSetting
from sandbox.orders.batch import Batch
from sandbox.scenario import Scenario
from sandbox.services import Services, services_of
from sandbox.transactions import Transaction


async def get_health(request: Request) -> Response:
    return JSONResponse({"status": "up", "gatewayName": services_of(request).settings.gateway_name})


async def issue_app_token(request: Request) -> Response:
    body = await read_body(request, bodies.AppTokenBody)
    return JSONResponse({"token": services_of(request).app_tokens.issue(body.sub)})


async def put_account(request: Request) -> Response:
    body = await read_body(request, bodies.AccountBody, parse=exact_json.loads)
    broker, name = request.path_params["broker"], request.path_params["account"]
    account = services_of(request).accounts.put(broker, name, body.portfolio, body.auth_id)
    return exact_json_response(
        {
            "broker": account.broker,
            "account": account.account,
            "smallcaseAuthId": account.auth_id,
            "portfolio": account.portfolio,
        }
    )


async def run_scenario(request: Request) -> Response:
    services = services_of(request)
    scenario = await read_body(request, Scenario)
    transaction = _transaction(services, request.path_params["transaction_id"])
    if (scenario.broker is None) != (scenario.account is None):
        raise ControlError(400, "Name both the broker and the account, or neither.")
    account = None
    if scenario.broker and scenario.account:
        account = services.accounts.get(scenario.broker, scenario.account)
    with services.state.atomic():
        result = services.simulated_user.run(transaction, scenario, account)
    return exact_json_response(result)


async def get_transaction(request: Request) -> Response:
    """The request that created the transaction, with its very digits, and the transaction's present state."""
    services = services_of(request)
    transaction = _transaction(services, request.path_params["transaction_id"])
    details = transaction_details(services, transaction)
    return exact_json_response({"asked": transaction.request_body, "transactionDetails": details})


async def fire_webhook(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.WebhookBody, parse=exact_json.loads)
    transaction = (
        _transaction(services, body.transaction_id)
        if body.transaction_id
        else services.transactions.latest_completed(body.auth_id)
    )
    webhooks = services.webhook_publisher.compose(body.kind, body.mode, transaction, body.auth_id, body.overrides)
    return JSONResponse({"deliveries": await services.webhook_sender.send_now(webhooks)})


async def get_held_webhooks(request: Request) -> Response:
    return JSONResponse({"held": services_of(request).held_webhooks.to_json()})


async def release_webhooks(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.ReleaseBody)
    with services.state.atomic():
        webhooks = services.held_webhooks.release(body.ids)
    return JSONResponse({"deliveries": await services.webhook_sender.send_now(webhooks, parallel=body.parallel)})


async def retry_webhooks(request: Request) -> Response:
    return JSONResponse({"deliveries": await services_of(request).webhook_sender.retry_now()})


async def get_deliveries(request: Request) -> Response:
    return JSONResponse({"deliveries": services_of(request).webhook_sender.deliveries()})


async def add_fault(request: Request) -> Response:
    faults = services_of(request).faults
    body = await read_body(request, bodies.FaultBody)
    milliseconds = None if body.seconds is None else round(body.seconds * 1000)
    faults.add(Fault(body.route, body.fault, body.times, milliseconds, body.drift, body.auth_id))
    return JSONResponse({"faults": faults.to_json()})


async def get_faults(request: Request) -> Response:
    return JSONResponse({"faults": services_of(request).faults.to_json()})


async def clear_faults(request: Request) -> Response:
    services_of(request).faults.clear()
    return JSONResponse({"faults": []})


async def set_clock(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.ClockBody)
    if body.now is not None:
        services.clock.set(body.now)
    elif body.advance is not None:
        services.clock.advance(body.advance)
    return _clock_moved(services)


async def reset_clock(request: Request) -> Response:
    services = services_of(request)
    services.clock.reset()
    return _clock_moved(services)


async def get_clock(request: Request) -> Response:
    return _clock(services_of(request))


async def set_session(request: Request) -> Response:
    accounts = services_of(request).accounts
    body = await read_body(request, bodies.SessionBody)
    account = accounts.by_auth_id(request.path_params["auth_id"])
    if account is None:
        raise ControlError(404, "No account has this smallcaseAuthId.")
    session = {"smallcaseAuthId": account.auth_id, "alive": body.alive}
    if body.alive:
        accounts.begin_session(account)
        return JSONResponse(session)
    accounts.end_session(account, body.answer)
    return JSONResponse(session | {"answer": body.answer})


async def get_market(request: Request) -> Response:
    return _market(services_of(request))


async def set_market(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.MarketBody)
    changes = body.model_dump(exclude_unset=True)
    services.trading_hours.set(MarketSetting(**vars(services.trading_hours.setting) | changes))
    services.exchange.run_due_steps()
    return _market(services)


async def get_orders(request: Request) -> Response:
    """The batches as the exchange has them, whether or not anybody was notified."""
    transaction_id = request.query_params.get("transactionId")
    batches = [
        batch for batch in services_of(request).order_store.all() if transaction_id in (None, batch.transaction_id)
    ]
    return exact_json_response({"orders": [_batch(batch) for batch in batches]})


async def step_order(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.StepBody)
    batch = services.order_store.get(request.path_params["batch_id"])
    if batch is None:
        raise ControlError(404, f"No batch {request.path_params['batch_id']}.")
    with services.state.atomic():
        services.exchange.step(batch, body.ticker, body, body.webhooks)
    return exact_json_response(_batch(batch))


async def put_investment(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.InvestmentBody)
    auth_id, iscid = request.path_params["auth_id"], request.path_params["iscid"]
    investment = services.investments.get_or_new(auth_id, iscid, body.scid, body.name)
    investment.recommended_action = body.recommended_action
    services.investments.save(investment)
    amo_pending = services.order_store.has_open_amo(auth_id, iscid)
    return exact_json_response({"investment": investment.to_json(amo_pending=amo_pending)})


async def set_settings(request: Request) -> Response:
    services = services_of(request)
    body = await read_body(request, bodies.SettingsBody)
    services.set_orders_shape(body.orders_shape)
    return JSONResponse({"ordersShape": services.orders_shape})


async def reset(request: Request) -> Response:
    services_of(request).reset()
    return JSONResponse({"status": "forgotten"})


def _transaction(services: Services, transaction_id: str) -> Transaction:
    transaction = services.transactions.get(transaction_id)
    if transaction is None:
        raise ControlError(404, f"No transaction {transaction_id}: this Gateway did not create it.")
    return transaction


def _batch(batch: Batch) -> dict[str, Any]:
    return batch.to_json() | {"smallcaseAuthId": batch.auth_id}


def _clock_moved(services: Services) -> Response:
    services.exchange.run_due_steps()
    services.webhook_sender.wake()
    return _clock(services)


def _clock(services: Services) -> Response:
    clock = services.clock
    return JSONResponse({"now": clock.now_iso(), "offsetSeconds": clock.offset.total_seconds()})


def _market(services: Services) -> Response:
    return JSONResponse(vars(services.trading_hours.setting) | {"isOpen": services.trading_hours.is_open()})


routes = [
    Route("/_sandbox/health", get_health),
    Route("/_sandbox/app-token", issue_app_token, methods=["POST"]),
    Route("/_sandbox/accounts/{broker}/{account}", put_account, methods=["PUT"]),
    Route("/_sandbox/transactions/{transaction_id}", get_transaction),
    Route("/_sandbox/transactions/{transaction_id}/act", run_scenario, methods=["POST"]),
    Route("/_sandbox/webhooks", fire_webhook, methods=["POST"]),
    Route("/_sandbox/webhooks/held", get_held_webhooks),
    Route("/_sandbox/webhooks/release", release_webhooks, methods=["POST"]),
    Route("/_sandbox/webhooks/retry", retry_webhooks, methods=["POST"]),
    Route("/_sandbox/deliveries", get_deliveries),
    Route("/_sandbox/faults", get_faults),
    Route("/_sandbox/faults", add_fault, methods=["PUT"]),
    Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
    Route("/_sandbox/clock", get_clock),
    Route("/_sandbox/clock", set_clock, methods=["POST"]),
    Route("/_sandbox/clock", reset_clock, methods=["DELETE"]),
    Route("/_sandbox/sessions/{auth_id}", set_session, methods=["POST"]),
    Route("/_sandbox/market", get_market),
    Route("/_sandbox/market", set_market, methods=["PUT"]),
    Route("/_sandbox/orders", get_orders),
    Route("/_sandbox/orders/{batch_id}", step_order, methods=["POST"]),
    Route("/_sandbox/investments/{auth_id}/{iscid}", put_investment, methods=["PUT"]),
    Route("/_sandbox/settings", set_settings, methods=["PUT"]),
    Route("/_sandbox/reset", reset, methods=["POST"]),
]
