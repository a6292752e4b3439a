"""Read one order of the user: the transaction and what became of it."""

from gateway_backend.domain.errors import NotFound
from gateway_backend.domain.orders import KnownBatch
from gateway_backend.domain.transactions import Transaction
from gateway_backend.usecases.settle_transaction import reconcile
from gateway_backend.usecases.settling import Settling


def read_order(transaction_id: str, *, user: str, tools: Settling) -> tuple[Transaction, list[KnownBatch]]:
    """One that is still open is asked about first, at most every two seconds.

    Raises: NotFound when it is unknown, somebody else's, or no order.
    """
    transaction = tools.transactions.owned(transaction_id, user)
    if not transaction.is_tracked:
        raise NotFound("This transaction places no order: see GET /v1/transactions/{id}")
    return reconcile(transaction, tools), tools.orders.of(transaction_id)
