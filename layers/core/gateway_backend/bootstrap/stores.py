"""The table and its stores; each is made once a worker."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gateway_backend.runtime.clients import client
from gateway_backend.runtime.settings import settings

if TYPE_CHECKING:
    from gateway_backend.store.connections.account_openings import AccountOpenings
    from gateway_backend.store.connections.connections import Connections
    from gateway_backend.store.dynamodb.table import Table
    from gateway_backend.store.erasure.erasures import Erasures
    from gateway_backend.store.holdings.mutual_funds import MutualFunds
    from gateway_backend.store.holdings.snapshots import Snapshots
    from gateway_backend.store.orders.batches import Batches
    from gateway_backend.store.refresh.pages import RefreshPages
    from gateway_backend.store.transactions.idempotency import IdempotencyKeys
    from gateway_backend.store.transactions.transactions import Transactions
    from gateway_backend.store.webhooks.receipts import Receipts


@cache
def table() -> Table:
    from gateway_backend.store.dynamodb.table import Table

    return Table(client("dynamodb"), settings().table_name)


@cache
def connections() -> Connections:
    from gateway_backend.store.connections.connections import Connections

    return Connections(table())


@cache
def snapshots() -> Snapshots:
    from gateway_backend.store.holdings.snapshots import Snapshots

    return Snapshots(table())


@cache
def transactions() -> Transactions:
    from gateway_backend.store.transactions.transactions import Transactions

    return Transactions(table())


@cache
def batches() -> Batches:
    from gateway_backend.store.orders.batches import Batches

    return Batches(table())


@cache
def receipts() -> Receipts:
    from gateway_backend.store.webhooks.receipts import Receipts

    return Receipts(table(), settings().receipt_retention)


@cache
def mutual_funds() -> MutualFunds:
    from gateway_backend.store.holdings.mutual_funds import MutualFunds

    return MutualFunds(table())


@cache
def account_openings() -> AccountOpenings:
    from gateway_backend.store.connections.account_openings import AccountOpenings

    return AccountOpenings(table())


@cache
def erasures() -> Erasures:
    from gateway_backend.store.erasure.erasures import Erasures

    return Erasures(table())


@cache
def idempotency_keys() -> IdempotencyKeys:
    from gateway_backend.store.transactions.idempotency import IdempotencyKeys

    return IdempotencyKeys(table())


@cache
def refresh_pages() -> RefreshPages:
    from gateway_backend.store.refresh.pages import RefreshPages

    return RefreshPages(table())
