"""What is checked before an order is begun, and what the user is warned of.

Apart, so that an import need not pay for it at its cold start.
"""

from dataclasses import replace

from gateway_backend.domain import exact_json
from gateway_backend.domain.errors import NotFound, OrderIsFinal
from gateway_backend.domain.holdings import parse_portfolio
from gateway_backend.domain.intents import SECURITIES
from gateway_backend.domain.order_requests import OrderRequest, SellWarning, is_limited, uncovered
from gateway_backend.domain.transactions import Transaction
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.orders import Orders
from gateway_backend.store.table import Table


def needed_capability(order: OrderRequest) -> str | None:
    """What the account's broker must be able to do for it."""
    if order.type != SECURITIES:
        return None
    return "limitOrders" if any(map(is_limited, order.securities)) else "securitiesOrders"


def order_to_cancel(
    order: OrderRequest, account_id: str | None, user: str, table: Table
) -> tuple[OrderRequest, str | None]:
    """The open order that a cancellation is about, and the account it was placed in.

    Raises: NotFound, OrderIsFinal.
    """
    known = Orders(table).find(user, order.batch_id or "")
    stocks = [one for one in known.batch.orders if one.ticker == order.ticker] if known else []
    if known is None or not stocks or account_id not in (None, known.account_id):
        raise NotFound("No such order: batchId and ticker must be those of GET /v1/orders")
    if known.batch.is_final or all(one.status.is_final for one in stocks):
        raise OrderIsFinal
    return replace(order, about=known.transaction_id), known.account_id


def sell_warnings(transaction: Transaction, accounts: Accounts) -> list[SellWarning]:
    """Every SELL of the order that the account's newest snapshot does not cover."""
    order, account_id = transaction.order, transaction.requested_account_id
    if not (order and account_id and any(one.side == "SELL" for one in order.securities)):
        return []
    account = accounts.find(account_id)
    text = accounts.portfolio_of(account) if account else None
    if account is None or account.as_of is None or text is None:
        return []
    held = parse_portfolio(exact_json.loads(text)).securities
    transactable = {one.nse_ticker: max(0, int(one.transactable)) for one in held if one.nse_ticker}
    return uncovered(order, transactable, account.as_of)
