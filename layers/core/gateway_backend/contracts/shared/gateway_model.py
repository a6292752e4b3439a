"""What all of Gateway's answers have in common (contract 2.0)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from gateway_backend.domain.shared.errors import GatewayUnavailable


class GatewayModel(BaseModel):
    """A member that is null counts as one that is not there."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


def parse_response[Shape: GatewayModel](shape: type[Shape], data: Any) -> Shape:
    """Raises: GatewayUnavailable, naming the members that are not as the contract has them."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False))
        raise GatewayUnavailable(f"smallcase Gateway's answer does not fit its contract: {fields}") from None


class ResponseEnvelope(GatewayModel):
    """`success` and `errors` of every answer (contract 2.0); `errors` may be null, a text or a list."""

    success: bool = False
    errors: list[str] = []

    @field_validator("success", mode="before")
    @classmethod
    def _only_true(cls, value: Any) -> bool:
        return value is True

    @field_validator("errors", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> list[str]:
        return [str(item) for item in (value if isinstance(value, list) else [value] if value else [])]
