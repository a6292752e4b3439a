"""Converge even when every webhook is lost: ask Gateway about what is open, and queue what got stuck."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from gateway_backend.domain.transactions import Transaction
from gateway_backend.gateway.client import Gateway
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.orders import Orders
from gateway_backend.store.receipts import Receipts
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.requeue_receipts import requeue_receipts
from gateway_backend.usecases.sync_context import SyncContext
from gateway_backend.usecases.sync_transaction import sync

THREADS, SECONDS = 10, 120.0
AT_ONCE = 50
STUCK_AFTER, GIVEN_UP_AFTER = timedelta(days=1), timedelta(days=7)
ORDERS_GIVEN_UP_AFTER = timedelta(days=90)
"""An open order is the exchange's, and may wait for its price for weeks."""


def reconcile_transactions(
    *,
    clock: Callable[[], datetime],
    receipts: Receipts,
    queue: Queue,
    transactions: Transactions,
    accounts: Accounts,
    orders: Orders,
    gateway: Callable[[], Gateway],
    confirm_share: Decimal,
    threads: int = THREADS,
) -> dict[str, int]:
    """Each open transaction is asked about after two minutes, then after twice as long each time, for a week.

    An open order is asked about for three months, and one that ended badly after a login is watched for a day.

    Like a read of it by the app, that links its account, imports its holdings, or ends it when its time is over.
    """
    queued = requeue_receipts(now=clock(), receipts=receipts, queue=queue)
    deadline, due = Deadline(SECONDS), transactions.to_check(clock())
    checked = settled = stuck = 0

    def check(transaction_id: str) -> tuple[bool, bool]:
        """Has it settled, and is it open for suspiciously long?"""
        now, transaction = clock(), transactions.find(transaction_id)
        if transaction is None:
            return True, False
        was_settled, age = transaction.is_settled, now - transaction.created_at
        if was_settled and not transaction.is_watched(now):  # put back by somebody who had read it a moment before
            transactions.checked(transaction, now, last=True)
            return True, False
        transaction = sync(transaction, SyncContext(now, transactions, accounts, orders, gateway(), confirm_share))
        if not transaction.is_settled and age > (ORDERS_GIVEN_UP_AFTER if transaction.placed else GIVEN_UP_AFTER):
            transaction = _given_up(transaction, now, transactions)
        elif not transaction.is_settled or transaction.is_watched(now):
            transactions.checked(transaction, now)
        is_stuck = not transaction.is_settled and not transaction.placed and age > STUCK_AFTER
        return transaction.is_settled and not was_settled, is_stuck

    while not deadline.has_passed and (ids := list(islice(due, AT_ONCE))):
        results = [result for result in map_concurrently(check, ids, threads=threads) if result]
        checked += len(ids)
        settled += sum(has_settled for has_settled, _ in results)
        stuck += sum(is_stuck for _, is_stuck in results)
    return {
        "queued": queued,
        "transactionsChecked": checked,
        "transactionsSettled": settled,
        "transactionsStuck": stuck,
    }


def _given_up(transaction: Transaction, now: datetime, transactions: Transactions) -> Transaction:
    """An order that has ended, and of which Gateway shows no batch, ends without one."""
    transactions.checked(transaction, now, last=True)
    is_over = transaction.can_place_orders and transaction.status.is_final
    return transactions.mark_result_persisted(transaction, now) if is_over else transaction
