"""Values of the domain for tests, each with members that make sense and that a test may replace."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import StoredSnapshot
from gateway_backend.domain.connections.session import BrokerSession, SessionState
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Portfolio, Security
from gateway_backend.domain.holdings.snapshot import Complete, Snapshot, judge
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.exact_json import members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from testing.portfolios import holding, portfolio

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""An ordinary Friday, as NSE closes."""

LATER = NOW + timedelta(minutes=1)
PNB = "INE160A01022"


def security(isin: str | None = PNB, quantity: Any = 10, price: Any = "50", **members: Any) -> Security:
    """A stock in the demat account at its average price."""
    defaults = {"name": "Punjab National Bank", "nse_ticker": "PNB", "bse_ticker": "PNBBSE"}
    return Security(isin=isin, demat=leg(quantity, price), **(defaults | members))


def leg(quantity: Any, price: Any = 0) -> Leg:
    return Leg(Decimal(quantity), Decimal(price))


def mutual_fund(
    units: str = "12.345",
    price: str = "8.1",
    folio: str | None = "1/2",
    isin: str | None = "INF1",
    name: str = "A Fund",
) -> MutualFund:
    return MutualFund(isin, name, folio, Decimal(units), Decimal(price))


def account(account_id: str, *held: Security | MutualFund, broker: str = "groww") -> AccountPortfolio:
    securities = tuple(item for item in held if isinstance(item, Security))
    funds = tuple(item for item in held if isinstance(item, MutualFund))
    return AccountPortfolio(account_id, broker, Portfolio("v2", securities, funds))


def snapshot(as_of: datetime, securities: int = 1, account_id: str = "account-1") -> Snapshot:
    """A complete portfolio of that date with so many securities."""
    text = portfolio(*map(holding, range(securities)), dates=f'"snapshotDate":"{times.to_text(as_of)}"')
    judged = judge(members(text), account_id, as_of)
    assert isinstance(judged, Complete), judged
    return judged.snapshot


def connection(**members: Any) -> Connection:
    """A linked Zerodha account whose session is active and whose newest snapshot is of NOW."""
    defaults: dict[str, Any] = {
        "id": "account-1",
        "owner": "user-1",
        "broker": "kite",
        "linked_at": NOW,
        "transaction_id": "TRX_1",
        "session": BrokerSession(SessionState.ACTIVE, NOW),
        "snapshot": stored_snapshot(),
    }
    return Connection(**(defaults | members))


def stored_snapshot(as_of: datetime = NOW, **members: Any) -> StoredSnapshot:
    defaults: dict[str, Any] = {
        "id": "snapshot-1",
        "as_of": as_of,
        "snapshot_date": times.to_text(as_of),
        "last_update": times.to_text(as_of),
        "content_hash": "hash",
        "version": "v2",
        "size": 1,
        "funds": 0,
    }
    return StoredSnapshot(**(defaults | members))


def transaction(**members: Any) -> Transaction:
    """An import of holdings that was created at NOW."""
    defaults: dict[str, Any] = {
        "id": "TRX_1",
        "owner": "user-1",
        "intent": Intent.HOLDINGS_IMPORT,
        "created_at": NOW,
        "expire_at": NOW + timedelta(minutes=5),
        "correlation_id": "correlation-1",
    }
    return Transaction(**(defaults | members))


def order(status: OrderStatus = OrderStatus.PLACED, ticker: str = "AXISBANK", **members: Any) -> Order:
    """A purchase of ten shares."""
    defaults: dict[str, Any] = {"side": "BUY", "reported_at": NOW, "quantity": 10}
    return Order(ticker=ticker, status=status, **(defaults | members))


def batch(status: BatchStatus = BatchStatus.PLACED, *orders: Order, **members: Any) -> Batch:
    """Without orders given it holds a single one."""
    defaults: dict[str, Any] = {"id": "batch-1", "orders": orders or (order(),), "reported_at": NOW}
    return Batch(status=status, **(defaults | members))


COMPLETE = order(OrderStatus.COMPLETE, filled=10, average_price=Decimal("420.1"))
COMPLETED = batch(
    BatchStatus.COMPLETED, COMPLETE, quantity=1, filled=1, buy_amount=Decimal("4201"), sell_amount=Decimal(0)
)
