"""Bodies of `/v1/me`: what is stored of a user, what they have consented to, and what they have had erased."""

from typing import Self

from pydantic import Field

from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import ConsentRecord
from gateway_backend.domain.erasure.erasure import Erasure, ErasureState
from gateway_backend.domain.erasure.user_data import StoredAccount, UserData


class ErasureView(ResponseModel):
    state: ErasureState
    requested_at: Instant
    smallcase_auth_id: str | None = Field(description="The account that was unlinked; null: everything is erased")
    erased: int = Field(description="How many stored items were erased so far")
    finished_at: Instant | None = Field(description="When a whole search for what is left found nothing any more")

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        return cls(
            state=erasure.state,
            requested_at=erasure.requested_at,
            smallcase_auth_id=erasure.account_id,
            erased=erasure.erased,
            finished_at=erasure.finished_at,
        )


class ConsentView(ResponseModel):
    smallcase_auth_id: str
    broker: str
    given_at: Instant
    withdrawn_at: Instant | None = Field(description="null: the account is linked")
    transaction_id: str = Field(description="The import or order whose login gave it")

    @classmethod
    def given(cls, connection: Connection) -> Self:
        return cls(
            smallcase_auth_id=connection.id,
            broker=connection.broker,
            given_at=connection.linked_at,
            withdrawn_at=None,
            transaction_id=connection.transaction_id,
        )

    @classmethod
    def withdrawn(cls, consent: ConsentRecord) -> Self:
        return cls(
            smallcase_auth_id=consent.account_id,
            broker=consent.broker,
            given_at=consent.given_at,
            withdrawn_at=consent.withdrawn_at,
            transaction_id=consent.transaction_id,
        )


class StoredAccountView(ResponseModel):
    smallcase_auth_id: str
    broker: str
    snapshots: int = Field(description="How many portfolios are kept")
    oldest_snapshot: str | None = Field(description="Its `snapshotDate`")
    newest_snapshot: str | None
    webhooks: int = Field(description="How many of Gateway's webhooks about the account are kept, for a while")

    @classmethod
    def of(cls, account: StoredAccount) -> Self:
        dates = account.snapshot_dates
        return cls(
            smallcase_auth_id=account.connection.id,
            broker=account.connection.broker,
            snapshots=len(dates),
            oldest_snapshot=dates[0] if dates else None,
            newest_snapshot=dates[-1] if dates else None,
            webhooks=account.webhooks,
        )


class StoredView(ResponseModel):
    """How much is stored; what is in it is what the other routes answer."""

    accounts: list[StoredAccountView]
    transactions: int
    orders: int = Field(description="Batches of orders")
    mutual_fund_statements: int
    account_openings: int


class UserDataView(ResponseModel):
    stored: StoredView
    consents: list[ConsentView] = Field(description="Those that hold first, then those that were withdrawn")
    erasures: list[ErasureView] = Field(description="The oldest first; these records are kept")

    @classmethod
    def of(cls, data: UserData) -> Self:
        return cls(
            stored=StoredView(
                accounts=list(map(StoredAccountView.of, data.accounts)),
                transactions=len(data.transactions),
                orders=data.orders,
                mutual_fund_statements=data.mutual_fund_statements,
                account_openings=data.account_openings,
            ),
            consents=[
                *(ConsentView.given(account.connection) for account in data.accounts),
                *map(ConsentView.withdrawn, data.withdrawn),
            ],
            erasures=list(map(ErasureView.of, data.erasures)),
        )
