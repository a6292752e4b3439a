"""An investment in a smallcase, as far as a pending action is concerned (contract 2.8)."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from gateway_backend.contracts.shared.gateway_model import GatewayModel


class Investment(GatewayModel):
    """In `investment`, in a list (`investments`, or by itself), or bare. `action` is recommended; None: nothing."""

    iscid: str
    scid: str | None = None
    name: str | None = None
    action: str | None = Field(None, validation_alias="recommendedAction", max_length=64)

    @model_validator(mode="before")
    @classmethod
    def _find(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = data.get("investments") or data
        if isinstance(data, list):
            data = data[0] if data else None
        return (data.get("investment") or data) if isinstance(data, Mapping) else data
