"""Bring a transaction to where Gateway says it is, and do what follows from that: link, import."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from gateway_backend.domain.errors import (
    LINK_REFUSALS,
    AccountMismatch,
    ConnectionWithdrawn,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.snapshots import PROVEN
from gateway_backend.domain.transactions import Intent, Report, Status, Transaction
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.import_holdings import import_holdings

RECONCILE_EVERY = timedelta(seconds=2)
"""A transaction is asked about at most this often, however often the app polls."""


def reconcile(
    transaction: Transaction,
    *,
    now: datetime,
    transactions: Transactions,
    accounts: Accounts,
    gateway: Gateway,
    confirm_share: Decimal,
) -> Transaction:
    """Ask Gateway about a transaction that has not settled. While Gateway is away the answer is what we knew."""
    asked = transaction.reconciled_at
    if transaction.is_settled or (asked and now - asked < RECONCILE_EVERY):
        return transaction
    try:
        report = gateway.transaction(transaction.id, now)
        return settle(
            transaction,
            report,
            now=now,
            transactions=transactions,
            accounts=accounts,
            gateway=gateway,
            confirm_share=confirm_share,
        )
    except (GatewayUnavailable, GatewayRefused) as error:
        # The client has counted it; the time is noted so that a polling app does not add to an outage.
        known = transactions.find(transaction.id) or transaction
        if isinstance(error, GatewayRefused) and not isinstance(error, GatewayForbidden):
            known = known.forgotten(now)
        return transactions.advance(replace(known, reconciled_at=now))
    except LINK_REFUSALS:
        return transactions.find(transaction.id) or transaction


def settle(
    transaction: Transaction,
    report: Report,
    *,
    now: datetime,
    transactions: Transactions,
    accounts: Accounts,
    gateway: Gateway,
    confirm_share: Decimal,
) -> Transaction:
    """Link the account that the report names, import its holdings when the import is complete, store the status.

    Every step is safe to repeat, and the status is stored before the import: a crash or an outage in between leaves a
    transaction that has not settled, which the next read, result or webhook takes up again.
    Only Gateway's word links: a token or a webhook may be somebody else's.
    Raises: AccountMismatch, AccountOfAnotherUser, ConnectionWithdrawn (noted on the transaction), and what the import
    raises.
    """
    if report.account_id:
        _link(transaction, report.account_id, report.broker, now, transactions, accounts)
    transaction = transactions.advance(transaction.moved_to(report, now))
    if transaction.status is not Status.COMPLETED or transaction.intent is not Intent.HOLDINGS_IMPORT:
        return transaction
    return import_for(
        transaction,
        now=now,
        transactions=transactions,
        accounts=accounts,
        gateway=gateway,
        confirm_share=confirm_share,
    )


def import_for(
    transaction: Transaction,
    *,
    now: datetime,
    transactions: Transactions,
    accounts: Accounts,
    gateway: Gateway,
    confirm_share: Decimal,
) -> Transaction:
    """Import the holdings that a completed transaction made available; an incomplete answer leaves it unsettled."""
    if transaction.imported or transaction.account_id is None:
        return transaction
    account = accounts.find(transaction.account_id)
    if account is None or account.owner != transaction.owner:
        return transactions.refuse(transaction, ConnectionWithdrawn.code, now)
    try:
        outcome = import_holdings(account, now=now, accounts=accounts, gateway=gateway, confirm_share=confirm_share)
    except NotFound:
        return transactions.refuse(transaction, ConnectionWithdrawn.code, now)
    return transactions.mark_imported(transaction, now) if isinstance(outcome, PROVEN) else transaction


def _link(
    transaction: Transaction,
    account_id: str,
    broker: str | None,
    now: datetime,
    transactions: Transactions,
    accounts: Accounts,
) -> None:
    try:
        if not transaction.is_about(account_id):
            raise AccountMismatch
        accounts.link(account_id, broker, transaction, now)
    except LINK_REFUSALS as refusal:
        transactions.refuse(transaction, refusal.code, now)
        raise
