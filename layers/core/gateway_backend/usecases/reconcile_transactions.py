"""Converge even when every webhook is lost: ask Gateway about what is open, and queue what got stuck."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from gateway_backend.gateway.client import Gateway
from gateway_backend.runtime.queue import Queue
from gateway_backend.runtime.threads import Deadline, each
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.orders import Orders
from gateway_backend.store.receipts import Receipts
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.requeue_receipts import requeue_receipts
from gateway_backend.usecases.settle_transaction import reconcile
from gateway_backend.usecases.settling import Settling

THREADS, SECONDS = 10, 120.0
AT_ONCE = 50
STUCK_AFTER, GIVEN_UP_AFTER = timedelta(days=1), timedelta(days=7)


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
        if transaction.is_settled:  # put back by somebody who had read it a moment before
            transactions.checked(transaction, now, last=True)
            return True, False
        transaction = reconcile(transaction, Settling(now, transactions, accounts, orders, gateway(), confirm_share))
        if not transaction.is_settled:
            transactions.checked(transaction, now, last=now - transaction.created_at > GIVEN_UP_AFTER)
        return transaction.is_settled, not transaction.is_settled and now - transaction.created_at > STUCK_AFTER

    while not deadline.has_passed and (ids := list(islice(due, AT_ONCE))):
        results = [result for result in each(check, ids, threads=threads) if result]
        checked += len(ids)
        settled += sum(has_settled for has_settled, _ in results)
        stuck += sum(is_stuck for _, is_stuck in results)
    return {
        "queued": queued,
        "transactionsChecked": checked,
        "transactionsSettled": settled,
        "transactionsStuck": stuck,
    }
