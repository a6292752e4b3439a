"""Take what the SDK gave the app (contract §6): link what its token proves, then ask Gateway what really happened."""

from dataclasses import replace
from datetime import datetime

from gateway_backend.contracts.sdk_result import SdkResult
from gateway_backend.domain.errors import AccountMismatch, GatewayRefused, GatewayUnavailable, RequestInvalid
from gateway_backend.domain.transactions import Report, Transaction
from gateway_backend.gateway import tokens
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.settle_transaction import link, settle


def complete_transaction(
    transaction_id: str,
    result: SdkResult,
    *,
    user: str,
    now: datetime,
    transactions: Transactions,
    accounts: Accounts,
    gateway: Gateway,
) -> Transaction:
    """The transaction as Gateway reports it; not settled when Gateway cannot tell yet.

    A user who logged in is linked even when the transaction failed afterwards. The client's success or failure is only
    a hint: its failure is kept for the user until Gateway says otherwise.
    Raises: NotFound, RequestInvalid, SdkTokenInvalid, SdkTokenExpired, AccountMismatch, AccountOfAnotherUser,
    ConnectionWithdrawn.
    """
    transaction = transactions.owned(transaction_id, user)
    if result.transaction_id not in (None, transaction_id):
        raise RequestInvalid("transactionId: the SDK's result is about another transaction than the path")
    proven = tokens.account_of(result.token, gateway.keys.secret, now) if result.token else None
    report = _ask(transaction, now, gateway)
    if proven and report and report.account_id not in (None, proven):
        raise AccountMismatch
    if proven:
        link(transaction, proven, result.broker, now=now, transactions=transactions, accounts=accounts)
        transaction = replace(transaction, account_id=transaction.account_id or proven)
    transaction = replace(transaction, failure=transaction.failure or result.failure)
    if report is None:
        return transactions.advance(replace(transaction, updated_at=now))
    try:
        return settle(transaction, report, now=now, transactions=transactions, accounts=accounts, gateway=gateway)
    except (GatewayUnavailable, GatewayRefused):
        return transactions.owned(transaction_id, user)


def _ask(transaction: Transaction, now: datetime, gateway: Gateway) -> Report | None:
    """None while Gateway is away: linking must not wait for it, and the next read asks again."""
    try:
        return gateway.transaction(transaction.id, now)
    except (GatewayUnavailable, GatewayRefused):
        return None
