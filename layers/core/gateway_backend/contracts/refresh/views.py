"""The answer of `POST /v1/connections/{id}/refresh`."""

from datetime import datetime
from typing import Self

from pydantic import Field

from gateway_backend.contracts.connections.views import ConnectionView
from gateway_backend.contracts.shared.api_models import ResponseModel
from gateway_backend.contracts.transactions.request import TransactionCreated
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import Verdict
from gateway_backend.domain.refresh.result import Refresh


class RefreshView(ResponseModel):
    refresh: Refresh
    connection: ConnectionView
    transaction: TransactionCreated | None = Field(
        description="LOGIN_NEEDED: a HOLDINGS_IMPORT of this account, ready for the SDK; else null"
    )

    @classmethod
    def of(
        cls,
        refresh: Refresh,
        connection: Connection,
        verdict: Verdict,
        next_due: datetime | None,
        login: TransactionCreated | None,
    ) -> Self:
        """`login`: the import that a login completes, where one is needed."""
        view = ConnectionView.of(connection, verdict, next_due)
        return cls(refresh=refresh, connection=view, transaction=login)
