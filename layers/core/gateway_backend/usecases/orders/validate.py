"""What is checked before an order is begun, and what the user is warned of."""

from collections import Counter
from copy import replace

from gateway_backend.domain.orders.request import OrderRequest, SellWarning, is_limited, uncovered
from gateway_backend.domain.shared.errors import NotFound, OrderIsFinal
from gateway_backend.domain.shared.money import whole_shares
from gateway_backend.domain.transactions.intents import SECURITIES
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.store.orders.batches import Batches


def needed_capability(order: OrderRequest) -> str | None:
    """What the account's broker must be able to do for it."""
    if order.type != SECURITIES:
        return None
    return "limitOrders" if any(map(is_limited, order.securities)) else "securitiesOrders"


def order_to_cancel(
    order: OrderRequest, account_id: str | None, *, user: str, batches: Batches
) -> tuple[OrderRequest, str | None]:
    """The open order that a cancellation is about, and the account it was placed in.

    Raises: NotFound, OrderIsFinal.
    """
    recorded = batches.find(user, order.batch_id or "")
    stocks = [stock for stock in recorded.batch.orders if stock.ticker == order.ticker] if recorded else []
    if recorded is None or not stocks or account_id not in (None, recorded.account_id):
        raise NotFound("No such order: batchId and ticker must be those of GET /v1/orders")
    if recorded.batch.is_final or all(stock.status.is_final for stock in stocks):
        raise OrderIsFinal
    return replace(order, about=recorded.transaction_id), recorded.account_id


def sell_warnings(transaction: Transaction, connections: Connections, snapshots: Snapshots) -> list[SellWarning]:
    """Every SELL of the order that the account's newest snapshot does not cover."""
    order, account_id = transaction.order, transaction.requested_account_id
    if not (order and account_id and any(security.side == "SELL" for security in order.securities)):
        return []
    connection = connections.find(account_id)
    if connection is None or connection.owner != transaction.owner:
        return []
    portfolio = snapshots.newest(connection)
    if connection.as_of is None or portfolio is None:
        return []
    held = portfolio.parse().securities
    transactable: Counter[str] = Counter()
    for stock in held:  # a ticker may stand for a share and a preference share: any of them may be meant
        transactable[stock.nse_ticker or ""] += max(0, whole_shares(stock.transactable))
    return uncovered(order, transactable, connection.as_of)
