"""RequestModel of `POST /v1/transactions/{id}/result`."""

from typing import Any, Literal, Self

from pydantic import model_validator

from gateway_backend.contracts.shared.api_models import RequestModel


class ResultRequest(RequestModel):
    """What the SDK gave the app, untouched: either `resolved` or `rejected`."""

    # contract 6

    platform: Literal["web", "react-native", "flutter", "cordova", "ios", "android"]
    resolved: Any = None
    rejected: Any = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len({"resolved", "rejected"} & self.model_fields_set) != 1:
            raise ValueError("give exactly one of resolved and rejected")
        return self

    @property
    def was_rejected(self) -> bool:
        return "rejected" in self.model_fields_set

    @property
    def given(self) -> Any:
        return self.rejected if self.was_rejected else self.resolved
