"""Read one transaction of the user, or a page of them; an order is a transaction with its batches."""

from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.usecases.contexts import SyncContext
from gateway_backend.usecases.transactions.sync import sync_if_open


def read_transaction(transaction_id: str, *, user: str, context: SyncContext) -> Transaction:
    """Gateway is asked first while it is open, at most every two seconds.

    Raises: NotFound when it is unknown or somebody else's.
    """
    return sync_if_open(context.transactions.owned(transaction_id, user), context)


def read_order(transaction_id: str, *, user: str, context: SyncContext) -> tuple[Transaction, list[RecordedBatch]]:
    """The same for an order. Raises: NotFound, also for a transaction that places no order."""
    transaction = context.transactions.owned(transaction_id, user)
    if not transaction.can_place_orders:
        raise NotFound("This transaction places no order: see GET /v1/transactions/{id}")
    return sync_if_open(transaction, context), context.batches.of(transaction_id)
