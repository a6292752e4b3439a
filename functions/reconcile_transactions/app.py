"""On a schedule: ask Gateway about open transactions, and queue receipts again whose message was lost."""

from gateway_backend.bootstrap import contexts
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions

context = contexts.reconcile_context()


@scheduled
def handler() -> dict[str, int]:
    return reconcile_transactions(context)
