"""The examples in docs/openapi.json.

Requests are the bodies in `events/`. Responses are what our own code makes of the portfolio and the order in
smallcase's guides.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gateway_backend.contracts.orders.gateway_batches import parse_batches
from gateway_backend.contracts.orders.views import BatchView, OrdersView, OrderView
from gateway_backend.domain.connections.freshness import verdict
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.holdings import csv_export as portfolio_csv
from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.transactions.intents import SECURITIES, Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction

CHECKOUT = Path(__file__).parents[2]
TRANSACTION_ID = "TRX_06726c28769e44b8920bd6eb5bbeef17"
OPENING_ID = "OPN_017fbba8c9c08c1f0b6d3e5a4f27b1d0"

_PORTFOLIO = CHECKOUT / "tests/fixtures/holdings-v2-api.json"
_ORDER_WEBHOOK = CHECKOUT / "tests/fixtures/order-webhook.json"


def request_examples(function: str) -> dict[str, Any]:
    """Return the request bodies in `events/` of a function, by name."""
    events = sorted((CHECKOUT / "events").glob(f"{function}*.json"))
    return {path.stem: {"value": json.loads(json.loads(path.read_text())["body"])} for path in events}


@cache
def response_examples() -> dict[str, Any]:
    """Return the example response of every function that has one, six minutes after the guide's import."""
    portfolio = _portfolio()
    account_id, broker = portfolio["smallcaseAuthId"], portfolio["broker"]
    as_of = times.parse(portfolio["snapshotDate"])
    now = datetime(2022, 3, 24, 11, 30, tzinfo=UTC)
    freshness = verdict(now, as_of, broker, SessionState.ACTIVE, nse_calendar("")).to_dict()
    consolidated = consolidate([AccountPortfolio(account_id, broker, parse_portfolio(portfolio))])
    holdings = {
        "asOf": times.to_text(as_of),
        "freshness": freshness,
        "accounts": [{"smallcaseAuthId": account_id, "broker": broker, "freshness": freshness}],
        "statement": None,
        **consolidated,
    }
    return {
        "get_account_holdings": {"success": True, "errors": None, "data": portfolio, "freshness": freshness},
        "get_holdings": holdings,
        "export_holdings": portfolio_csv.to_csv(consolidated, {account_id: portfolio["snapshotDate"]}),
        "receive_webhook": {"received": True},
        **_order_examples(),
    }


def account_id_example() -> str:
    return str(_portfolio()["smallcaseAuthId"])


@cache
def _portfolio() -> dict[str, Any]:
    return dict(exact_json.loads(_PORTFOLIO.read_text())["data"])


def _order_examples() -> dict[str, Any]:
    """Return the views of the guide's basket, as requested and filled."""
    webhook = exact_json.loads(_ORDER_WEBHOOK.read_text())
    account_id, broker, filled_at = webhook["smallcaseAuthId"], webhook["broker"], times.parse(webhook["completedDate"])
    (batch,) = parse_batches(webhook, filled_at).batches
    requested = tuple(RequestedSecurity(order.ticker, order.quantity, order.side) for order in batch.orders)
    transaction = Transaction(
        id=webhook["transactionId"],
        owner="asha",
        intent=Intent.TRANSACTION,
        created_at=filled_at - timedelta(minutes=2),
        expire_at=filled_at + timedelta(minutes=3),
        correlation_id="",
        order=OrderRequest(SECURITIES, requested, name="Two banks"),
        status=Status.COMPLETED,
        account_id=account_id,
        broker=broker,
        result_persisted=True,
        has_orders=True,
        updated_at=filled_at,
    )
    placed_at = filled_at - timedelta(seconds=5)
    recorded = RecordedBatch(
        batch, transaction.id, transaction.owner, account_id, broker, "Two banks", placed_at, filled_at, revision=2
    )
    views = {
        "get_order": OrderView.of(transaction, [recorded]),
        "list_orders": OrdersView(orders=[BatchView.of(recorded)], next_cursor=None),
    }
    return {function: view.model_dump(by_alias=True) for function, view in views.items()}
