"""Unlink an account and erase what we hold of it, leaving a record of the consent that ended."""

from datetime import datetime

from gateway_backend.store.connections.connections import Accounts
from gateway_backend.store.orders.batches import Orders
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.store.webhooks.receipts import Receipts


def unlink_account(
    account_id: str,
    *,
    user: str,
    now: datetime,
    accounts: Accounts,
    receipts: Receipts,
    orders: Orders,
    transactions: Transactions,
) -> None:
    """The ownership ends first, so nobody reads half-erased data; repeating it finishes what a crash left.

    Raises: NotFound when the account is not, and never was, this user's.
    """
    unlinked_at = accounts.unlink(account_id, user, now)
    accounts.erase_snapshots(account_id, unlinked_at)
    receipts.erase_of_account(account_id, unlinked_at)
    orders.erase_of_account(user, account_id, unlinked_at)
    transactions.forget_account(user, account_id)
