"""The answer of `POST /v1/connections/{id}/refresh`."""

from typing import Self

from pydantic import Field

from gateway_backend.contracts.connection_api import ConnectionView
from gateway_backend.contracts.http_api import Answer
from gateway_backend.contracts.transaction_request import TransactionCreated
from gateway_backend.domain.refreshes import Refresh, Refreshed


class RefreshView(Answer):
    refresh: Refresh
    connection: ConnectionView
    transaction: TransactionCreated | None = Field(
        description="LOGIN_NEEDED: a HOLDINGS_IMPORT of this account, ready for the SDK; else null"
    )

    @classmethod
    def of(cls, done: Refreshed, gateway_name: str) -> Self:
        started = done.transaction
        return cls(
            refresh=done.refresh,
            connection=ConnectionView.of(done.account, done.verdict, done.next_due),
            transaction=TransactionCreated.of(started, done.token, gateway_name, []) if started else None,
        )
