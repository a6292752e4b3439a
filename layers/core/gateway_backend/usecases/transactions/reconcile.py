"""Converge even when every webhook is lost: ask Gateway about what is open, and queue what got stuck."""

from itertools import islice
from typing import NamedTuple

from gateway_backend.domain.transactions.transaction import Phase
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.usecases.contexts import ReconcileContext
from gateway_backend.usecases.transactions.sync import sync
from gateway_backend.usecases.webhooks.requeue_receipts import requeue_receipts

SECONDS = 120.0
AT_ONCE = 50


class _Check(NamedTuple):
    has_settled: bool
    is_stuck: bool = False


def reconcile_transactions(context: ReconcileContext) -> dict[str, int]:
    """Each open transaction is asked about after two minutes, then after twice as long each time, for a week.

    An open order is asked about for three months, and one that ended badly after a login is watched for a day. Like a
    read of it by the app, that links its account, imports its holdings, or ends it when its time is over.
    """
    queued = requeue_receipts(now=context.clock(), receipts=context.receipts, queue=context.queue)
    deadline, due = Deadline(SECONDS), context.transactions.to_check(context.clock())
    checks: list[_Check] = []
    checked = 0
    while not deadline.has_passed and (ids := list(islice(due, AT_ONCE))):
        checked += len(ids)
        checks += filter(None, map_concurrently(lambda id: _check(id, context), ids, threads=context.threads))
    return {
        "queued": queued,
        "transactionsChecked": checked,
        "transactionsSettled": sum(check.has_settled for check in checks),
        "transactionsStuck": sum(check.is_stuck for check in checks),
    }


def _check(transaction_id: str, context: ReconcileContext) -> _Check:
    transaction = context.transactions.find(transaction_id)
    if transaction is None:
        return _Check(has_settled=True)
    was_settled, sync_context = transaction.is_settled, context.sync()
    if transaction.phase(sync_context.now) is not Phase.SETTLED:
        transaction = sync(transaction, sync_context)
    transaction = context.transactions.update(transaction, lambda t: t.postpone_check(sync_context.now))
    return _Check(transaction.is_settled and not was_settled, transaction.is_stuck(sync_context.now))
