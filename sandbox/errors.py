"""The two kinds of errors that the sandbox answers: Gateway's, and those of its control API."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class GatewayError(Exception):
    """A failure in Gateway's envelope (contract 2.0)."""

    def __init__(self, status: int, text: str, error_type: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.error_type = error_type


def invalid_input(text: str) -> GatewayError:
    return GatewayError(400, text, "InputException")


class ControlError(Exception):
    """A control call that cannot be done; `detail` says what to do instead."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def gateway_answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)
    body: dict[str, object] = {"success": False, "errors": [error.text], "data": None}
    if error.error_type:
        body["errorType"] = error.error_type
    return JSONResponse(body, status_code=error.status)


def control_answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return JSONResponse(
        {"title": HTTPStatus(error.status).phrase, "status": error.status, "detail": error.detail},
        status_code=error.status,
        media_type="application/problem+json",
    )
