"""The bodies of the control API's calls."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator
from starlette.requests import Request

from sandbox.accounts.accounts import EndedSessionAnswer
from sandbox.errors import ControlError
from sandbox.faults import FaultName, RouteName
from sandbox.scenario import ControlBody, Step, WebhookPolicy
from sandbox.services import OrdersShape
from sandbox.webhooks.webhook import WebhookKind, WebhookMode

AuthId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class AppTokenBody(ControlBody):
    sub: Annotated[str, Field(min_length=1)]


class AccountBody(ControlBody):
    """Without a portfolio the account keeps its own, or gets a default portfolio of real securities."""

    portfolio: dict[str, Any] | None = None
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None

    @model_validator(mode="after")
    def _is_a_v2_data_object(self) -> Self:
        """The portfolio has the form of contract 4.2."""
        portfolio = self.portfolio
        if portfolio is None:
            return self
        rows = portfolio.get("securities")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("portfolio is the v2 data object: its `securities` is a list of objects")
        for name in {"snapshotDate", "lastUpdate"} & portfolio.keys():
            datetime.fromisoformat(str(portfolio[name]))
        return self


class WebhookBody(ControlBody):
    kind: WebhookKind = "holdings"
    mode: WebhookMode = "normal"
    transaction_id: Annotated[str | None, Field(alias="transactionId")] = None
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None
    overrides: Annotated[dict[str, Any], Field(default_factory=dict)]


class ReleaseBody(ControlBody):
    ids: list[str]
    parallel: bool = False


class MarketBody(ControlBody):
    """A setting that is left out stays as it is."""

    open: bool | None = None
    amo: bool = True


class StepBody(Step):
    ticker: str
    webhooks: WebhookPolicy | None = None


class InvestmentBody(ControlBody):
    recommended_action: str | None = None
    scid: str | None = None
    name: str | None = None


class SettingsBody(ControlBody):
    orders_shape: OrdersShape


class FaultBody(ControlBody):
    route: RouteName
    fault: FaultName
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float | None, Field(ge=0)] = None
    drift: Literal["renamed", "retyped"] = "renamed"
    auth_id: Annotated[AuthId | None, Field(alias="smallcaseAuthId")] = None


class ClockBody(ControlBody):
    """`advance` is in seconds or an ISO 8601 duration (`PT15M`)."""

    now: AwareDatetime | None = None
    advance: timedelta | None = None

    @model_validator(mode="after")
    def _has_either_member(self) -> Self:
        if (self.now is None) == (self.advance is None):
            raise ValueError("say either `now` or `advance`")
        return self


class SessionBody(ControlBody):
    """`answer` is what a pull gets after the session has ended: the last snapshot again, or 403."""

    alive: bool
    answer: EndedSessionAnswer = "stale"


async def read_body[T: ControlBody](request: Request, model: type[T], parse: Callable[[bytes], Any] = json.loads) -> T:
    """The body of the call; an empty body stands for an empty object.

    Raises: ControlError 400 that names the wrong member.
    """
    try:
        return model.model_validate(parse(await request.body() or b"{}"))
    except ValidationError as error:
        raise ControlError(400, "; ".join(_problem(detail) for detail in error.errors())) from error
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"The body is not JSON: {error}") from error


def _problem(error: Any) -> str:
    location = ".".join(str(part) for part in error["loc"])
    # Pydantic's own text contains the name of a class.
    text = "Input should be an object" if error["type"] == "model_type" else str(error["msg"])
    return f"{location}: {text}" if location else text
