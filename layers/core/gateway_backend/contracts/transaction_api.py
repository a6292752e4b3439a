"""A transaction as the app sees it."""

from typing import Self

from pydantic import Field

from gateway_backend.contracts.http_api import Answer, Instant
from gateway_backend.domain.errors import LINK_REFUSALS, Action
from gateway_backend.domain.transaction_errors import advise
from gateway_backend.domain.transactions import Status, Transaction

REFUSALS = {refusal.code: refusal for refusal in LINK_REFUSALS}


class FailureView(Answer):
    code: int
    message: str
    text: str = Field(description="For the user's eyes")
    action: Action


class TransactionView(Answer):
    transaction_id: str
    intent: str
    version: str | None = None
    status: Status
    final: bool
    smallcase_auth_id: str | None
    broker: str | None
    created_at: Instant
    expire_at: Instant
    updated_at: Instant | None
    notes: str | None
    error: FailureView | None

    @classmethod
    def of(cls, transaction: Transaction) -> Self:
        return cls(
            transaction_id=transaction.id,
            intent=transaction.intent,
            version=transaction.version or None,
            status=transaction.status,
            final=transaction.is_settled,
            smallcase_auth_id=transaction.account_id,
            broker=transaction.broker,
            created_at=transaction.created_at,
            expire_at=transaction.expire_at,
            updated_at=transaction.updated_at,
            notes=transaction.note,
            error=_failure(transaction),
        )


def _failure(transaction: Transaction) -> FailureView | None:
    if transaction.refused:
        refusal = REFUSALS[transaction.refused]
        return FailureView(code=refusal.status, message=refusal.code, text=refusal.title + ".", action=refusal.action)
    if transaction.failure is None:
        return None
    advice = advise(transaction.failure.code)
    return FailureView(
        code=transaction.failure.code,
        message=transaction.failure.message,
        text=advice.text,
        action=advice.action,
    )


class TransactionsView(Answer):
    transactions: list[TransactionView]
    next_cursor: str | None
