"""The control API: how tests, tools and the demo steer the sandbox (`/_sandbox/…`)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import exact_json, faults
from sandbox.accounts.accounts import EndedSessionAnswer
from sandbox.api.transaction_details import transaction_details
from sandbox.errors import ControlError
from sandbox.market.trading_hours import MarketSetting
from sandbox.orders.batch import Batch
from sandbox.scenario import ControlBody, Scenario, Step, WebhookPolicy
from sandbox.services import OrdersShape, Services, services_of
from sandbox.transactions import Transaction
from sandbox.webhooks.webhook import WebhookKind, WebhookMode

AuthId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class TokenOrder(ControlBody):
    sub: Annotated[str, Field(min_length=1)]


class AccountOrder(ControlBody):
    """Without a portfolio the account keeps the one it has, or gets a made-up one of real securities."""

    portfolio: dict[str, Any] | None = None
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None

    @model_validator(mode="after")
    def _is_a_v2_data_object(self) -> Self:
        portfolio = self.portfolio
        if portfolio is None:
            return self
        rows = portfolio.get("securities")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("portfolio is the v2 data object (contract 4.2): its `securities` is a list of objects")
        for name in {"snapshotDate", "lastUpdate"} & portfolio.keys():
            datetime.fromisoformat(str(portfolio[name]))
        return self


class WebhookOrder(ControlBody):
    kind: WebhookKind = "holdings"
    mode: WebhookMode = "normal"
    transaction_id: Annotated[str | None, Field(alias="transactionId")] = None
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None
    overrides: Annotated[dict[str, Any], Field(default_factory=dict)]


class ReleaseOrder(ControlBody):
    ids: list[str]
    parallel: bool = False


class MarketOrder(ControlBody):
    """What is left out stays as it is."""

    open: bool | None = None
    amo: bool = True


class StepOrder(Step):
    ticker: str
    webhooks: WebhookPolicy | None = None


class InvestmentOrder(ControlBody):
    recommended_action: str | None = None
    scid: str | None = None
    name: str | None = None


class SettingsOrder(ControlBody):
    orders_shape: OrdersShape


class FaultOrder(ControlBody):
    route: faults.RouteName
    fault: faults.Kind
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float | None, Field(ge=0)] = None
    drift: Literal["renamed", "retyped"] = "renamed"
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None


class ClockOrder(ControlBody):
    """`advance` in seconds or as an ISO 8601 duration (`PT15M`)."""

    now: AwareDatetime | None = None
    advance: timedelta | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.now is None) == (self.advance is None):
            raise ValueError("say either `now` or `advance`")
        return self


class SessionOrder(ControlBody):
    """`answer` is what a pull gets from then on: the last snapshot again, or 403."""

    alive: bool
    answer: EndedSessionAnswer = "stale"


async def health(request: Request) -> Response:
    return JSONResponse({"status": "up", "gatewayName": services_of(request).settings.gateway_name})


async def app_token(request: Request) -> Response:
    order = await _read(request, TokenOrder)
    return JSONResponse({"token": services_of(request).app_tokens.issue(order.sub)})


async def set_account(request: Request) -> Response:
    order = await _read(request, AccountOrder, parse=exact_json.loads)
    broker, name = request.path_params["broker"], request.path_params["account"]
    account = services_of(request).accounts.put(broker, name, order.portfolio, order.auth_id)
    told = {
        "broker": account.broker,
        "account": account.account,
        "smallcaseAuthId": account.auth_id,
        "portfolio": account.portfolio,
    }
    return _exact(told)


async def act(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, Scenario)
    transaction = _transaction(services, request.path_params["transaction_id"])
    if (order.broker is None) != (order.account is None):
        raise ControlError(400, "Name both the broker and the account, or neither.")
    account = services.accounts.get(order.broker, order.account) if order.broker and order.account else None
    with services.state.atomic():
        answer = services.simulated_user.run(transaction, order, account)
    return _exact(answer)


async def fire_webhook(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, WebhookOrder, parse=exact_json.loads)
    transaction = (
        _transaction(services, order.transaction_id)
        if order.transaction_id
        else services.transactions.latest_completed(order.auth_id)
    )
    webhooks = services.webhook_publisher.compose(order.kind, order.mode, transaction, order.auth_id, order.overrides)
    return JSONResponse({"deliveries": await services.webhook_sender.send_now(webhooks)})


async def held_webhooks(request: Request) -> Response:
    return JSONResponse({"held": services_of(request).held_webhooks.to_json()})


async def release_webhooks(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, ReleaseOrder)
    with services.state.atomic():
        webhooks = services.held_webhooks.release(order.ids)
    return JSONResponse({"deliveries": await services.webhook_sender.send_now(webhooks, parallel=order.parallel)})


async def retry_webhooks(request: Request) -> Response:
    return JSONResponse({"deliveries": await services_of(request).webhook_sender.retry_now()})


async def deliveries(request: Request) -> Response:
    return JSONResponse({"deliveries": services_of(request).webhook_sender.deliveries()})


async def set_fault(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, FaultOrder)
    milliseconds = None if order.seconds is None else round(order.seconds * 1000)
    services.faults.add(faults.Fault(order.route, order.fault, order.times, milliseconds, order.drift, order.auth_id))
    return JSONResponse({"faults": services.faults.waiting()})


async def get_faults(request: Request) -> Response:
    return JSONResponse({"faults": services_of(request).faults.waiting()})


async def clear_faults(request: Request) -> Response:
    services_of(request).faults.clear()
    return JSONResponse({"faults": []})


async def set_clock(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, ClockOrder)
    if isinstance(order.now, datetime):
        services.clock.set(order.now)
    elif order.advance is not None:
        services.clock.advance(order.advance)
    services.exchange.run_due_steps()
    services.webhook_sender.wake()
    return _time(services)


async def clear_clock(request: Request) -> Response:
    services = services_of(request)
    services.clock.reset()
    services.exchange.run_due_steps()
    services.webhook_sender.wake()
    return _time(services)


async def get_clock(request: Request) -> Response:
    return _time(services_of(request))


async def set_session(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, SessionOrder)
    account = services.accounts.by_auth_id(request.path_params["auth_id"])
    if account is None:
        raise ControlError(404, "No account has this smallcaseAuthId.")
    if order.alive:
        services.accounts.begin_session(account)
    else:
        services.accounts.end_session(account, order.answer)
    told = {"smallcaseAuthId": account.auth_id, "alive": order.alive}
    return JSONResponse(told if order.alive else told | {"answer": order.answer})


async def get_market(request: Request) -> Response:
    return _market(services_of(request))


async def set_market(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, MarketOrder)
    said = order.model_dump(exclude_unset=True)
    services.trading_hours.set(MarketSetting(**vars(services.trading_hours.setting) | said))
    services.exchange.run_due_steps()
    return _market(services)


async def get_orders(request: Request) -> Response:
    """What the exchange knows, whatever anybody was told."""
    transaction_id = request.query_params.get("transactionId")
    batches = [one for one in services_of(request).order_store.all() if transaction_id in (None, one.transaction_id)]
    return _exact({"orders": [_known(batch) for batch in batches]})


async def step_order(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, StepOrder)
    batch = services.order_store.get(request.path_params["batch_id"])
    if batch is None:
        raise ControlError(404, f"No batch {request.path_params['batch_id']}.")
    with services.state.atomic():
        services.exchange.step(batch, order.ticker, order, order.webhooks)
    return _exact(_known(batch))


async def set_investment(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, InvestmentOrder)
    auth_id, iscid = request.path_params["auth_id"], request.path_params["iscid"]
    investment = services.investments.get_or_new(auth_id, iscid, order.scid, order.name)
    investment.recommended_action = order.recommended_action
    services.investments.save(investment)
    return _exact({"investment": investment.to_json(amo_pending=services.order_store.has_open_amo(auth_id, iscid))})


async def get_transaction(request: Request) -> Response:
    """What it was created with, word for word, and what became of it."""
    services = services_of(request)
    transaction = _transaction(services, request.path_params["transaction_id"])
    details = transaction_details(services, transaction)
    return _exact({"asked": transaction.request_body, "transactionDetails": details})


async def set_settings(request: Request) -> Response:
    services = services_of(request)
    order = await _read(request, SettingsOrder)
    services.set_orders_shape(order.orders_shape)
    return JSONResponse({"ordersShape": services.orders_shape})


async def reset(request: Request) -> Response:
    services_of(request).reset()
    return JSONResponse({"status": "forgotten"})


def _exact(told: Any) -> Response:
    return Response(exact_json.dumps(told), media_type="application/json")


def _market(services: Services) -> Response:
    return JSONResponse(vars(services.trading_hours.setting) | {"isOpen": services.trading_hours.is_open()})


def _known(batch: Batch) -> dict[str, Any]:
    return batch.to_json() | {"smallcaseAuthId": batch.auth_id}


def _time(services: Services) -> Response:
    return JSONResponse({"now": services.clock.now_iso(), "offsetSeconds": services.clock.offset.total_seconds()})


def _transaction(services: Services, transaction_id: str) -> Transaction:
    transaction = services.transactions.get(transaction_id)
    if transaction is None:
        raise ControlError(404, f"No transaction {transaction_id}: this Gateway did not create it.")
    return transaction


async def _read[T: ControlBody](request: Request, model: type[T], parse: Callable[[bytes], Any] = json.loads) -> T:
    """The order in the body; an empty body is an empty order.

    Raises: ControlError 400 that names the member that is wrong.
    """
    try:
        return model.model_validate(parse(await request.body() or b"{}"))
    except ValidationError as error:
        raise ControlError(400, "; ".join(_problem(one) for one in error.errors())) from error
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"The body is not JSON: {error}") from error


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    # Pydantic's own text contains the name of a class.
    text = "Input should be an object" if error["type"] == "model_type" else error["msg"]
    return f"{where}: {text}" if where else str(text)


routes = [
    Route("/_sandbox/health", health),
    Route("/_sandbox/app-token", app_token, methods=["POST"]),
    Route("/_sandbox/accounts/{broker}/{account}", set_account, methods=["PUT"]),
    Route("/_sandbox/transactions/{transaction_id}", get_transaction),
    Route("/_sandbox/transactions/{transaction_id}/act", act, methods=["POST"]),
    Route("/_sandbox/webhooks", fire_webhook, methods=["POST"]),
    Route("/_sandbox/webhooks/held", held_webhooks),
    Route("/_sandbox/webhooks/release", release_webhooks, methods=["POST"]),
    Route("/_sandbox/webhooks/retry", retry_webhooks, methods=["POST"]),
    Route("/_sandbox/deliveries", deliveries),
    Route("/_sandbox/faults", get_faults),
    Route("/_sandbox/faults", set_fault, methods=["PUT"]),
    Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
    Route("/_sandbox/clock", get_clock),
    Route("/_sandbox/clock", set_clock, methods=["POST"]),
    Route("/_sandbox/clock", clear_clock, methods=["DELETE"]),
    Route("/_sandbox/sessions/{auth_id}", set_session, methods=["POST"]),
    Route("/_sandbox/market", get_market),
    Route("/_sandbox/market", set_market, methods=["PUT"]),
    Route("/_sandbox/orders", get_orders),
    Route("/_sandbox/orders/{batch_id}", step_order, methods=["POST"]),
    Route("/_sandbox/investments/{auth_id}/{iscid}", set_investment, methods=["PUT"]),
    Route("/_sandbox/settings", set_settings, methods=["PUT"]),
    Route("/_sandbox/reset", reset, methods=["POST"]),
]
