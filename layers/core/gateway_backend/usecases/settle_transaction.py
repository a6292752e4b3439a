"""Bring a transaction to where Gateway says it is, and do what follows from that: link, import."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import (
    LINK_REFUSALS,
    AccountMismatch,
    ConnectionWithdrawn,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.snapshots import PROVEN, Outcome
from gateway_backend.domain.transactions import Intent, Report, Status, Transaction
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.import_holdings import import_holdings

RECONCILE_EVERY = timedelta(seconds=2)
"""A transaction is asked about at most this often, however often the app polls."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What a transaction is settled with; `gateway` serves this request or message."""

    now: datetime
    transactions: Transactions
    accounts: Accounts
    gateway: Gateway
    confirm_share: Decimal


def reconcile(transaction: Transaction, tools: Settling) -> Transaction:
    """Ask Gateway about a transaction that has not settled. While Gateway is away the answer is what we knew."""
    asked, now = transaction.reconciled_at, tools.now
    if transaction.is_settled or (asked and now - asked < RECONCILE_EVERY):
        return transaction
    try:
        return settle(transaction, tools.gateway.transaction(transaction.id, now), tools)
    except (GatewayUnavailable, GatewayRefused) as error:
        # The client has counted it; the time is noted so that a polling app does not add to an outage.
        known = tools.transactions.find(transaction.id) or transaction
        if isinstance(error, GatewayRefused) and not isinstance(error, GatewayForbidden):
            known = known.forgotten(now)
        return tools.transactions.advance(replace(known, reconciled_at=now))
    except LINK_REFUSALS:
        return tools.transactions.find(transaction.id) or transaction


def settle(transaction: Transaction, report: Report, tools: Settling) -> Transaction:
    """Link the account that the report names, import its holdings when the import is complete, store the status.

    Every step is safe to repeat, and the status is stored before the import: a crash or an outage in between leaves a
    transaction that has not settled, which the next read, result or webhook takes up again.
    Only Gateway's word links: a token or a webhook may be somebody else's.
    Raises: AccountMismatch, AccountOfAnotherUser, ConnectionWithdrawn (noted on the transaction), and what the import
    raises.
    """
    if report.account_id:
        _link(transaction, report.account_id, report.broker, tools)
    transaction = tools.transactions.advance(transaction.moved_to(report, tools.now))
    if transaction.status is not Status.COMPLETED or transaction.intent is not Intent.HOLDINGS_IMPORT:
        return transaction
    return _import_for(transaction, tools)


def _import_for(transaction: Transaction, tools: Settling) -> Transaction:
    """Import the holdings that a completed transaction made available; an incomplete answer leaves it unsettled."""
    if transaction.stored or transaction.account_id is None:
        return transaction
    account = tools.accounts.find(transaction.account_id)
    if account is None or account.owner != transaction.owner:
        return tools.transactions.refuse(transaction, ConnectionWithdrawn.code, tools.now)
    try:
        outcome = import_into(account, tools)
    except NotFound:
        return tools.transactions.refuse(transaction, ConnectionWithdrawn.code, tools.now)
    return tools.transactions.mark_stored(transaction, tools.now) if isinstance(outcome, PROVEN) else transaction


def import_into(account: Account, tools: Settling) -> Outcome:
    """Pull the account's holdings, as `import_holdings` does for a user who has just logged in."""
    return import_holdings(
        account, now=tools.now, accounts=tools.accounts, gateway=tools.gateway, confirm_share=tools.confirm_share
    )


def _link(transaction: Transaction, account_id: str, broker: str | None, tools: Settling) -> None:
    try:
        if not transaction.is_about(account_id):
            raise AccountMismatch
        tools.accounts.link(account_id, broker, transaction, tools.now)
    except LINK_REFUSALS as refusal:
        tools.transactions.refuse(transaction, refusal.code, tools.now)
        raise
