"""Read one order of the user: the transaction and what became of it."""

from gateway_backend.domain.errors import NotFound
from gateway_backend.domain.orders import KnownBatch
from gateway_backend.domain.transactions import Transaction
from gateway_backend.usecases.sync_context import SyncContext
from gateway_backend.usecases.sync_transaction import sync_if_open


def read_order(transaction_id: str, *, user: str, context: SyncContext) -> tuple[Transaction, list[KnownBatch]]:
    """One that is still open is asked about first, at most every two seconds.

    Raises: NotFound when it is unknown, somebody else's, or no order.
    """
    transaction = context.transactions.owned(transaction_id, user)
    if not transaction.can_place_orders:
        raise NotFound("This transaction places no order: see GET /v1/transactions/{id}")
    return sync_if_open(transaction, context), context.orders.of(transaction_id)
