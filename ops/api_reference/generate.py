"""Write `docs/openapi.json` from the route table and the models in `contracts/`.

Run `python -m ops.api_reference.generate` after changing either; a test fails while the file and the code disagree.
The examples are the request bodies of `events/` and what our own code makes of the portfolio and the order in
smallcase's guides.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.contracts.orders.views import BatchView, OrdersView, OrderView
from gateway_backend.contracts.transactions import result as result_api
from gateway_backend.domain.connections.freshness import verdict
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.holdings import csv_export as portfolio_csv
from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.shared.errors import DomainError
from gateway_backend.domain.transactions.intents import SECURITIES, Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction
from ops.api_reference import response_schemas
from ops.api_reference.routes import ROUTES, Parameter, Route

CHECKOUT = Path(__file__).parents[2]
TARGET = CHECKOUT / "docs/openapi.json"
SAMPLE = CHECKOUT / "tests/fixtures/holdings-v2-api.json"
ORDER_SAMPLE = CHECKOUT / "tests/fixtures/order-webhook.json"
REF = "#/components/schemas/{model}"

# API Gateway answers these itself, before a function runs or when none could.
BY_API_GATEWAY = {
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Too Long",
    HTTPStatus.TOO_MANY_REQUESTS: "Too Many Requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service Unavailable",
}
THROTTLED = HTTPStatus.TOO_MANY_REQUESTS

DESCRIPTION = """\
Links users' broker accounts through smallcase Gateway and serves their holdings, saying honestly how fresh they are.

Numbers are exact: read them as decimals, not as binary floats. Instants are ISO-8601 in UTC. Every failure is
problem+json (RFC 9457): branch on `code`, do what `action` says, repeat only when `retryable`, quote `correlationId`
to support.
"""


class Schemas(GenerateJsonSchema):
    """Our wire as it is: exact JSON numbers, instants that say so, and no titles that only repeat the name."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "number"}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def ser_schema(self, schema: Any) -> JsonSchemaValue | None:
        if schema.get("function") is times.to_text:
            return {"type": "string", "format": "date-time"}
        return super().ser_schema(schema)


def document() -> dict[str, Any]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gateway Backend", "version": project["version"], "description": DESCRIPTION},
        "servers": [
            {"url": "http://127.0.0.1:3000", "description": "The local cloud (make run)"},
            {
                "url": "https://{apiId}.execute-api.{region}.amazonaws.com",
                "description": "A deployed stack: its ApiUrl output",
                "variables": {"apiId": {"default": "your-api-id"}, "region": {"default": "ap-south-1"}},
            },
        ],
        "security": [{"appUser": []}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "appUser": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The app user's access token; its `sub` is the user",
                }
            },
            "schemas": _schemas(),
        },
    }


_TRANSACTION_ID = "TRX_06726c28769e44b8920bd6eb5bbeef17"

# Operations ------------------------------------------------------------------------------------


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.function, "summary": route.summary}
    if not route.needs_user:
        operation["security"] = []
    if parameters := list(_parameters(route)):
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {
            "required": any(field.is_required() for field in route.body.model_fields.values()),
            "content": {
                "application/json": {"schema": _ref(route.body), "examples": _request_examples(route.function)}
            },
        }
    operation["responses"] = _answers(route) | _refusals(route)
    return operation


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    if "{id}" in route.path:
        yield _path_parameter("id", *_identified(route))
    if "{transactionId}" in route.path:
        yield _path_parameter("transactionId", "The order's transaction", _TRANSACTION_ID)
    for place, parameters in (("query", route.query), ("header", route.headers)):
        for parameter in parameters:
            yield {"name": parameter.name, "in": place, **_described(parameter)}


def _identified(route: Route) -> tuple[str, str]:
    """What the `{id}` of a route names, and one of them."""
    if "connections" in route.path:
        return "`smallcaseAuthId` of the connection", _sample()["smallcaseAuthId"]
    if "account-openings" in route.path:
        return "`openingId`", "OPN_017fbba8c9c08c1f0b6d3e5a4f27b1d0"
    return "`transactionId`", _TRANSACTION_ID


def _path_parameter(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
        "example": example,
    }


def _answers(route: Route) -> dict[str, Any]:
    headers = {"X-Correlation-Id": _CORRELATION_ID} | {each.name: _described(each) for each in route.answer_headers}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "headers": headers} | _content(route, answer)
        for status, answer in sorted(route.answers.items())
    }


def _content(route: Route, answer: type[BaseModel] | str | None) -> dict[str, Any]:
    if answer is None:
        return {}
    media, schema = ("application/json", _ref(answer)) if isinstance(answer, type) else (answer, {"type": "string"})
    example = _answer_examples().get(route.function)
    return {"content": {media: {"schema": schema} | ({"example": example} if example else {})}}


def _refusals(route: Route) -> dict[str, Any]:
    by_status: dict[int, list[type[DomainError]]] = defaultdict(list)
    for problem in route.problems:
        by_status[problem.status].append(problem)
    by_status.setdefault(THROTTLED, [])
    return {str(status): _refusal(status, problems) for status, problems in sorted(by_status.items())}


def _refusal(status: int, problems: list[type[DomainError]]) -> dict[str, Any]:
    lines = [f"`{problem.code}`: {problem.title}." for problem in problems]
    content: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    if problems:
        fits = {"status": {"const": status}, "code": {"enum": sorted(problem.code for problem in problems)}}
        content["application/problem+json"] = {
            "schema": {"allOf": [{"$ref": REF.format(model="Problem")}, {"properties": fits}]}
        }
    if any(problem.retryable for problem in problems):
        headers["Retry-After"] = {"description": "Seconds to wait", "schema": {"type": "integer"}}
    if message := BY_API_GATEWAY.get(HTTPStatus(status)):
        lines.append(f"API Gateway itself: {message}.")
        content["application/json"] = {"schema": {"$ref": REF.format(model="ApiGatewayMessage")}}
    refusal = {"description": "\n\n".join(lines), "content": content}
    return refusal | ({"headers": headers} if headers else {})


def _described(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"description": parameter.description, "schema": parameter.schema}
    return described | ({"required": True} if parameter.required else {})


_CORRELATION_ID = {"description": "Names this request in our logs", "required": True, "schema": {"type": "string"}}


# Schemas ---------------------------------------------------------------------------------------


def _schemas() -> dict[str, Any]:
    answers = [model for route in ROUTES for model in route.answers.values() if isinstance(model, type)]
    bodies = [route.body for route in ROUTES if route.body]
    wanted: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(bodies, "validation")
    wanted |= dict.fromkeys([*answers, response_schemas.Problem], "serialization")
    _, definitions = models_json_schema(list(wanted.items()), ref_template=REF, schema_generator=Schemas)
    schemas: dict[str, Any] = definitions["$defs"]
    # Checked by a validator, which JSON Schema cannot see.
    schemas[result_api.ResultRequest.__name__]["oneOf"] = [{"required": ["resolved"]}, {"required": ["rejected"]}]
    schemas["ApiGatewayMessage"] = {
        "type": "object",
        "description": "API Gateway's own words, not ours",
        "properties": {"message": {"type": ["string", "null"]}},
        "required": ["message"],
    }
    return dict(sorted(schemas.items()))


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


# Examples --------------------------------------------------------------------------------------


def _request_examples(function: str) -> dict[str, Any]:
    events = sorted((CHECKOUT / "events").glob(f"{function}*.json"))
    return {path.stem: {"value": json.loads(json.loads(path.read_text())["body"])} for path in events}


@cache
def _sample() -> dict[str, Any]:
    return dict(exact_json.loads(SAMPLE.read_text())["data"])


@cache
def _answer_examples() -> dict[str, Any]:
    """Six minutes after the guide's portfolio was imported."""
    sample, account_id, broker = _sample(), _sample()["smallcaseAuthId"], _sample()["broker"]
    as_of = times.parse(sample["snapshotDate"])
    now = datetime(2022, 3, 24, 11, 30, tzinfo=UTC)
    freshness = verdict(now, as_of, broker, SessionState.ACTIVE, nse_calendar("")).to_dict()
    consolidated = consolidate([AccountPortfolio(account_id, broker, parse_portfolio(sample))])
    holdings = {
        "asOf": times.to_text(as_of),
        "freshness": freshness,
        "accounts": [{"smallcaseAuthId": account_id, "broker": broker, "freshness": freshness}],
        **consolidated,
    }
    return {
        "get_account_holdings": {"success": True, "errors": None, "data": sample, "freshness": freshness},
        "get_holdings": holdings,
        "export_holdings": portfolio_csv.to_csv(consolidated, {account_id: sample["snapshotDate"]}),
        "receive_webhook": {"received": True},
        **_order_examples(),
    }


def _order_examples() -> dict[str, Any]:
    """The guide's basket, as asked for and filled."""
    told = exact_json.loads(ORDER_SAMPLE.read_text())
    account_id, broker, filled_at = told["smallcaseAuthId"], told["broker"], times.parse(told["completedDate"])
    (batch,) = parse_batches(told, filled_at)
    asked = tuple(RequestedSecurity(order.ticker, order.quantity, order.side) for order in batch.orders)
    transaction = Transaction(
        id=told["transactionId"],
        owner="asha",
        intent=Intent.TRANSACTION,
        created_at=filled_at - timedelta(minutes=2),
        expire_at=filled_at + timedelta(minutes=3),
        correlation_id="",
        order=OrderRequest(SECURITIES, asked, name="Two banks"),
        status=Status.COMPLETED,
        account_id=account_id,
        broker=broker,
        result_persisted=True,
        has_orders=True,
        updated_at=filled_at,
    )
    placed_at = filled_at - timedelta(seconds=5)
    known = RecordedBatch(
        batch, transaction.id, transaction.owner, account_id, broker, "Two banks", placed_at, filled_at, revision=2
    )
    views = {
        "get_order": OrderView.of(transaction, [known]),
        "list_orders": OrdersView(orders=[BatchView.of(known)], next_cursor=None),
    }
    return {function: view.model_dump(by_alias=True) for function, view in views.items()}


# Writing ---------------------------------------------------------------------------------------


def render() -> str:
    # Every number in the examples survives a float and comes out with the same digits.
    return json.dumps(json.loads(exact_json.dumps(document())), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
