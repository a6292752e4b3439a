"""The OpenAPI operation of a route."""

from collections import defaultdict
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from gateway_backend.domain.shared.errors import DomainError
from ops.api_reference import examples
from ops.api_reference.response_schemas import Problem
from ops.api_reference.route import Parameter, Route
from ops.api_reference.schemas import API_GATEWAY_MESSAGE, ref

# API Gateway answers with these itself, before it invokes a function or when it cannot.
_API_GATEWAY_MESSAGES = {
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Too Long",
    HTTPStatus.TOO_MANY_REQUESTS: "Too Many Requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service Unavailable",
}
# Every route is throttled, whatever errors its function has.
_STATUS_OF_EVERY_ROUTE = HTTPStatus.TOO_MANY_REQUESTS

_CORRELATION_ID = {"description": "Names this request in our logs", "required": True, "schema": {"type": "string"}}


def operation_of(route: Route) -> dict[str, Any]:
    """Describe a route as an OpenAPI operation."""
    operation: dict[str, Any] = {"operationId": route.function, "summary": route.summary}
    if not route.needs_user:
        operation["security"] = []
    if parameters := list(_parameters(route)):
        operation["parameters"] = parameters
    if route.body:
        media = {"schema": ref(route.body.__name__), "examples": examples.request_examples(route.function)}
        operation["requestBody"] = {
            "required": any(field.is_required() for field in route.body.model_fields.values()),
            "content": {"application/json": media},
        }
    operation["responses"] = _responses(route) | _problem_responses(route)
    return operation


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    if "{id}" in route.path:
        yield _path_parameter("id", *_describe_id(route))
    if "{transactionId}" in route.path:
        yield _path_parameter("transactionId", "The order's transaction", examples.TRANSACTION_ID)
    for location, parameters in (("query", route.query), ("header", route.headers)):
        for parameter in parameters:
            yield {"name": parameter.name, "in": location, **_describe(parameter)}


def _describe_id(route: Route) -> tuple[str, str]:
    """Return the description and an example of a route's `{id}`."""
    if "connections" in route.path:
        return "`smallcaseAuthId` of the connection", examples.account_id_example()
    if "account-openings" in route.path:
        return "`openingId`", examples.OPENING_ID
    return "`transactionId`", examples.TRANSACTION_ID


def _path_parameter(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
        "example": example,
    }


def _describe(parameter: Parameter) -> dict[str, Any]:
    description: dict[str, Any] = {"description": parameter.description, "schema": parameter.schema}
    return description | ({"required": True} if parameter.required else {})


def _responses(route: Route) -> dict[str, Any]:
    headers = {"X-Correlation-Id": _CORRELATION_ID}
    headers |= {header.name: _describe(header) for header in route.response_headers}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "headers": headers} | _content(route, response)
        for status, response in sorted(route.responses.items())
    }


def _content(route: Route, response: type[BaseModel] | str | None) -> dict[str, Any]:
    if response is None:
        return {}
    media_type, schema = (
        ("application/json", ref(response.__name__)) if isinstance(response, type) else (response, {"type": "string"})
    )
    example = examples.response_examples().get(route.function)
    return {"content": {media_type: {"schema": schema} | ({"example": example} if example else {})}}


def _problem_responses(route: Route) -> dict[str, Any]:
    by_status: dict[int, list[type[DomainError]]] = defaultdict(list)
    for problem in route.problems:
        by_status[problem.status].append(problem)
    by_status.setdefault(_STATUS_OF_EVERY_ROUTE, [])
    return {str(status): _problem_response(status, problems) for status, problems in sorted(by_status.items())}


def _problem_response(status: int, problems: list[type[DomainError]]) -> dict[str, Any]:
    descriptions = [f"`{problem.code}`: {problem.title}." for problem in problems]
    content: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    if problems:
        properties = {"status": {"const": status}, "code": {"enum": sorted(problem.code for problem in problems)}}
        content["application/problem+json"] = {"schema": {"allOf": [ref(Problem.__name__), {"properties": properties}]}}
    if any(problem.retryable for problem in problems):
        headers["Retry-After"] = {"description": "Seconds to wait", "schema": {"type": "integer"}}
    if message := _API_GATEWAY_MESSAGES.get(HTTPStatus(status)):
        descriptions.append(f"API Gateway itself: {message}.")
        content["application/json"] = {"schema": ref(API_GATEWAY_MESSAGE)}
    response = {"description": "\n\n".join(descriptions), "content": content}
    return response | ({"headers": headers} if headers else {})
