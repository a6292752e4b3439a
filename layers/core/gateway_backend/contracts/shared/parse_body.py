"""Parse a body into a model, with errors that name the field."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from gateway_backend.domain.shared.errors import RequestInvalid
from gateway_backend.domain.shared.exact_json import storable


def parse_body[Model: BaseModel](model: type[Model], raw: bytes) -> Model:
    """Raises: RequestInvalid, naming each wrong field and why."""
    # Not in one step: pydantic's JSON mode passes over an unknown member that is named like a field in Python.
    body = parse_json(raw)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise RequestInvalid("; ".join(map(_describe, problems[:5]))) from None


def parse_json(raw: bytes) -> Any:
    """The body's value; none counts as an empty object. Raises: RequestInvalid."""
    try:
        return from_json(storable(raw) or "{}", allow_inf_nan=False)
    except ValueError:
        raise RequestInvalid("body: is not JSON") from None


_REASONS = {
    "extra_forbidden": "is not known here (docs/openapi.json has what is)",
    "missing": "is missing",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "does not have the form it needs (docs/openapi.json)",
    "too_short": "give at least one",
}
"""Our own texts, where pydantic's are about Python. No value is ever quoted: it may be personal."""


def _describe(problem: ErrorDetails) -> str:
    # The intent that chose the model stands before its fields: CONNECT.notes is the body's notes.
    field = [str(part) for part in problem["loc"] if not str(part).isupper()]
    if problem["type"].startswith("union_tag"):
        field.append(problem["ctx"]["discriminator"].strip("'"))
        allowed = problem["ctx"].get("expected_tags", "those the API knows (docs/openapi.json)").replace("'", "")
        return f"{'.'.join(field)}: must be one of {allowed}"
    reason = _REASONS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return f"{'.'.join(field) or 'body'}: {reason}"
