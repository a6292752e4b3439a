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
        if _was_withdrawn(transaction, account_id, current, context):
            raise ConnectionWithdrawn
        linked = link(current, account_id, broker, transaction, context.now)
        if linked == current:
            return linked
        try:
            return context.connections.link(current, linked, transaction.created_at)
        except ConcurrentUpdate:
            continue  # another request has linked or changed it: decide on what is stored now
    raise StoreUnavailable("The account is being changed by several requests at once: try again")


def _was_withdrawn(transaction: Transaction, account_id: str, current: Connection | None, context: SyncContext) -> bool:
    """Whether its user has unlinked the account after the transaction began, and perhaps linked it anew since."""
    if current and (transaction.id == current.transaction_id or transaction.created_at >= current.linked_at):
        return False
    unlinked_at = context.connections.unlinked_at(account_id, transaction.owner)
    return unlinked_at is not None and transaction.created_at <= unlinked_at
