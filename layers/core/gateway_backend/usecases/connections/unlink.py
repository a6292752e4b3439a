"""Unlink an account and erase what we hold of it, leaving a record of the consent that ended."""

from datetime import datetime

from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts


def unlink_account(
    account_id: str,
    *,
    user: str,
    now: datetime,
    connections: Connections,
    snapshots: Snapshots,
    receipts: Receipts,
    batches: Batches,
    transactions: Transactions,
) -> None:
    """The ownership ends first, so that nobody reads half-erased data; repeating it finishes what a crash left.

    Raises: NotFound when the account is not, and never was, this user's.
    """
    unlinked_at = _end_ownership(account_id, user, now, connections)
    snapshots.erase(account_id, unlinked_at)
    receipts.erase_of_account(account_id, unlinked_at)
    batches.erase_of_account(user, account_id, unlinked_at)
    for transaction_id in transactions.of_account(user, account_id):
        transaction = transactions.find(transaction_id)
        if transaction:
            transactions.update(transaction, Transaction.erase_content)


def _end_ownership(account_id: str, user: str, now: datetime, connections: Connections) -> datetime:
    """When it ended: now, or when this user unlinked it before."""
    connection = connections.find(account_id)
    if connection and connection.owner == user:
        connections.unlink(connection.unlink(now))
        return now
    unlinked_at = connections.unlinked_at(account_id, user)
    if unlinked_at is None:
        raise NotFound("No such connection")
    return unlinked_at
