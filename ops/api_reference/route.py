"""What a route of the HTTP API declares."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gateway_backend.domain.shared.errors import DomainError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header; `schema` is JSON Schema."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A route of template.yaml.

    `function` is the name of its folder. `responses` has, by status, a model for JSON, a media type for text, or None
    for an empty body. `problems` are the errors that it can answer with.
    """

    method: str
    path: str
    function: str
    summary: str
    responses: dict[int, type[BaseModel] | str | None]
    problems: tuple[type[DomainError], ...]
    body: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    response_headers: tuple[Parameter, ...] = ()
    needs_user: bool = True
