"""Link the account that a transaction's user has logged in to."""

from gateway_backend.domain.connections.connection import Connection, link
from gateway_backend.domain.shared.errors import (
    AccountMismatch,
    ConcurrentUpdate,
    ConnectionWithdrawn,
    StoreUnavailable,
)
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.contexts import SyncContext

_TRIES = 5


def link_account(transaction: Transaction, account_id: str, broker: str | None, context: SyncContext) -> Connection:
    """Make the transaction's user the account's one owner. Repeating it changes nothing.

    Raises: AccountMismatch, AccountOfAnotherUser, ConnectionWithdrawn.
    """
    if not transaction.is_about(account_id):
        raise AccountMismatch
    for _ in range(_TRIES):
        current = context.connections.find(account_id)
        if current and _is_from_before_the_link(transaction, current, context):
            raise ConnectionWithdrawn
        linked = link(current, account_id, broker, transaction, context.now)
        if linked == current:
            return linked
        try:
            return context.connections.link(current, linked, transaction.created_at)
        except ConcurrentUpdate:
            continue  # another request has linked or changed it: decide on what is stored now
    raise StoreUnavailable("The account is being changed by several requests at once: try again")


def _is_from_before_the_link(transaction: Transaction, current: Connection, context: SyncContext) -> bool:
    """Whether the account was unlinked after the transaction began, and has been linked anew since."""
    if transaction.id == current.transaction_id or transaction.created_at >= current.linked_at:
        return False
    unlinked_at = context.connections.last_unlinked_at(current.id)
    return unlinked_at is not None and transaction.created_at <= unlinked_at
