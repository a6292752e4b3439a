"""What a caller reads when a body is refused."""

from pydantic import BaseModel

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.domain.shared.errors import RequestInvalid


def refusal(model: type[BaseModel], text: str) -> str:
    """The detail of the error; that the body is accepted is a failure of the test."""
    try:
        parse_body(model, text.encode())
    except RequestInvalid as refused:
        return refused.detail
    raise AssertionError(f"{model.__name__} accepts {text}")
