"""Bodies of `/v1/connections`, and freshness, which stands beside all holdings."""

from datetime import datetime
from typing import Self

from pydantic import Field

from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import State, Verdict
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.shared.errors import Action


class FreshnessView(ResponseModel):
    state: State
    as_of: str | None
    sessions_missed: int
    reason: str
    action: Action
    text: str


class PendingActionView(ResponseModel):
    iscid: str
    scid: str | None
    name: str | None
    action: str = Field(description="Gateway's word, such as REBALANCE")
    since: Instant


class ConnectionView(ResponseModel):
    smallcase_auth_id: str
    broker: str
    linked_at: Instant
    state: SessionState
    since: Instant | None
    reason: str | None
    last_success: Instant | None
    last_attempt: Instant | None
    last_failure: str | None
    pending_actions: list[PendingActionView] = Field(description="What smallcase recommends for investments held here")
    next_due: Instant | None = Field(description="When it is refreshed next without anybody asking; null: never")
    freshness: FreshnessView

    @classmethod
    def of(cls, connection: Connection, verdict: Verdict, next_due: datetime | None) -> Self:
        return cls(
            smallcase_auth_id=connection.id,
            broker=connection.broker,
            linked_at=connection.linked_at,
            state=connection.session.state,
            since=connection.session.since,
            reason=connection.session.reason,
            last_success=connection.last_success_at,
            last_attempt=connection.last_attempt_at,
            last_failure=connection.last_failure,
            pending_actions=[
                PendingActionView(
                    iscid=action.iscid, scid=action.scid, name=action.name, action=action.action, since=action.since
                )
                for action in connection.pending_actions
            ],
            next_due=next_due,
            freshness=FreshnessView.model_validate(verdict.to_dict()),
        )


class ConnectionsView(ResponseModel):
    connections: list[ConnectionView]
