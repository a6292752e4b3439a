"""List a user's transactions, newest first."""

from typing import Any

from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.transactions.transactions import Transactions


def list_transactions(
    *, user: str, after: dict[str, Any] | None, limit: int, transactions: Transactions
) -> tuple[list[Transaction], dict[str, Any] | None]:
    """A page of transactions as they are stored, and the position after which the next page starts."""
    return transactions.list(user, after=after, limit=limit)
