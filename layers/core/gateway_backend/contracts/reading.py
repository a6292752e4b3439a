"""Reading a body into a model, with errors that name the field."""

from pydantic import BaseModel, ValidationError

from gateway_backend.domain.errors import RequestInvalid


def read_body[Model: BaseModel](model: type[Model], raw: bytes) -> Model:
    """Raises: RequestInvalid, naming each field that does not fit and why."""
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestInvalid("; ".join(_sentence(problem["loc"], problem["msg"]) for problem in problems[:5])) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    field = ".".join(map(str, location)) or "body"
    return f"{field}: {message}"
