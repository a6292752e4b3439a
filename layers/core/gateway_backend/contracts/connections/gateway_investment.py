"""An investment in a smallcase, as far as a pending action is concerned (contract 2.8)."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from gateway_backend.contracts.shared.gateway_model import GatewayModel


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


type _Text = Annotated[str | None, BeforeValidator(_text)]


class Investment(GatewayModel):
    """In `investment`, in a list (`investments`, or by itself), or bare. `action` is recommended; None: nothing."""

    iscid: str
    scid: _Text = None
    name: _Text = None
    action: _Text = Field(None, validation_alias="recommendedAction")

    @model_validator(mode="before")
    @classmethod
    def _find(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = data.get("investments") or data
        if isinstance(data, list):
            data = data[0] if data else None
        return (data.get("investment") or data) if isinstance(data, Mapping) else data
