"""Responses of both APIs: exact JSON, Gateway's envelope, and the problem details of the control API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import exact_json
from sandbox.errors import ControlError, GatewayError


def exact_json_response(content: Any) -> Response:
    """For content with fractions, whose digits must stay."""
    return Response(exact_json.dumps(content), media_type="application/json")


def gateway_success(data: Any) -> Response:
    return exact_json_response({"success": True, "errors": None, "data": data})


def gateway_failure(
    status: int, text: str, *, error_type: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    body: dict[str, object] = {"success": False, "errors": [text], "data": None}
    if error_type:
        body["errorType"] = error_type
    return JSONResponse(body, status_code=status, headers=headers)


def control_problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(
        {"title": HTTPStatus(status).phrase, "status": status, "detail": detail},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def on_gateway_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)
    return gateway_failure(error.status, error.text, error_type=error.error_type)


def on_control_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return control_problem(error.status, error.detail)


def on_http_error(request: Request, error: Exception) -> Response:
    """Answers a wrong path or method in the form of the API that the path belongs to."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if path == "/_sandbox" or path.startswith("/_sandbox/"):
        detail = f"There is no call {request.method} {path}: docs/sandbox.md lists the calls."
        return control_problem(error.status_code, detail, error.headers)
    return gateway_failure(error.status_code, error.detail, headers=error.headers)
