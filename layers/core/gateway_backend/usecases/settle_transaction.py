"""Bring a transaction to where Gateway says it is, and do what follows from that: link, import, follow orders."""

from dataclasses import replace
from datetime import timedelta

from gateway_backend.domain.errors import (
    LINK_REFUSALS,
    AccountMismatch,
    ConnectionWithdrawn,
    GatewayForbidden,
    GatewayRefused,
    GatewayUnavailable,
    NotFound,
)
from gateway_backend.domain.intents import Intent
from gateway_backend.domain.orders import KnownBatch
from gateway_backend.domain.snapshots import PROVEN
from gateway_backend.domain.transactions import Report, Status, Transaction
from gateway_backend.usecases.follow_orders import follow_again, follow_orders
from gateway_backend.usecases.settling import Settling, import_into

RECONCILE_EVERY = timedelta(seconds=2)
"""A transaction is asked about at most this often, however often the app polls."""


def reconcile(transaction: Transaction, tools: Settling) -> Transaction:
    """Ask Gateway about a transaction that has not settled. While Gateway is away the answer is what we knew."""
    return transaction if transaction.is_settled else look_again(transaction, tools)


def look_again(transaction: Transaction, tools: Settling) -> Transaction:
    """The same, settled or not."""
    asked, now = transaction.reconciled_at, tools.now
    if asked and now - asked < RECONCILE_EVERY:
        return transaction
    try:
        return settle(transaction, tools.gateway.transaction(transaction.id, now), tools)
    except (GatewayUnavailable, GatewayRefused) as error:
        # The client has counted it; the time is noted so that a polling app does not add to an outage.
        known = tools.transactions.find(transaction.id) or transaction
        was_refused = isinstance(error, GatewayRefused) and not isinstance(error, GatewayForbidden)
        known = known.forgotten(now) if was_refused else known
        known = tools.transactions.advance(replace(known, reconciled_at=now))
        has_no_order = known.is_tracked and known.status.is_final and not known.placed
        return tools.transactions.mark_stored(known, now) if has_no_order and was_refused else known
    except LINK_REFUSALS:
        return tools.transactions.find(transaction.id) or transaction


def settle(transaction: Transaction, report: Report, tools: Settling) -> Transaction:
    """Link the account that the report names, store the status, then import or follow what the transaction brought.

    Every step is safe to repeat, and the status is stored before what it brought: a crash or an outage in between
    leaves a transaction that is not settled, to be taken up by the next read, result, webhook or check.
    Raises: LINK_REFUSALS (the refusal is stored with the transaction), and what the pulls raise.
    """
    try:
        if report.account_id:
            _link(transaction, report.account_id, report.broker, tools)
    except LINK_REFUSALS as refusal:
        transaction = tools.transactions.refuse(transaction, refusal.code, tools.now)
        if transaction.is_tracked and not isinstance(refusal, ConnectionWithdrawn):
            # Not linked; but the user has placed that order, and must hear what became of it.
            _brought(tools.transactions.advance(transaction.moved_to(report, tools.now)), report, tools)
        raise
    return _brought(tools.transactions.advance(transaction.moved_to(report, tools.now)), report, tools)


def _brought(transaction: Transaction, report: Report, tools: Settling) -> Transaction:
    if transaction.is_tracked:
        return _followed(transaction, report, tools)
    if transaction.intent is Intent.CANCEL_ORDER and transaction.status.is_final:
        _follow_cancelled(transaction, tools)  # also when that failed: the order may have been filled before
    if transaction.intent is Intent.HOLDINGS_IMPORT and transaction.status is Status.COMPLETED:
        return _imported(transaction, tools)
    return transaction


def _followed(transaction: Transaction, report: Report, tools: Settling) -> Transaction:
    batches: list[KnownBatch] = []
    if report.status is not Status.INITIALIZED or report.order_requested:  # else there is nothing to ask about yet
        transaction, batches = follow_orders(transaction, report, tools)
    must_have = transaction.expects_orders(requested=report.order_requested)
    is_over = all(known.batch.is_final for known in batches) and (batches or not must_have)
    if transaction.stored or not (transaction.status.is_final and is_over):
        return transaction
    if batches and transaction.status is not Status.ACTION_REQUIRED:
        # Whatever ended badly was the SDK's part: the order was sent, and this is how it ended (contract 2.5).
        done = replace(transaction, status=Status.COMPLETED, failure=None, updated_at=tools.now)
        transaction = tools.transactions.advance(done)
        _look_at_recommendation(transaction, tools)
    return tools.transactions.mark_stored(transaction, tools.now)


def _look_at_recommendation(transaction: Transaction, tools: Settling) -> None:
    """The order may have done what was recommended for the investment; Gateway says whether it still is."""
    iscid = transaction.order.iscid if transaction.order else None
    account = tools.accounts.find(transaction.account_id or "") if iscid else None
    if iscid is None or account is None or not any(one.iscid == iscid for one in account.pending_actions):
        return
    from gateway_backend.usecases.ask_recommendation import ask_recommendation

    try:
        ask_recommendation(account.id, iscid, tools)
    except (GatewayRefused, GatewayUnavailable):
        return  # it stays as it was; the next webhook about this investment asks again


def _follow_cancelled(transaction: Transaction, tools: Settling) -> None:
    """The order that this cancelled has moved on: say so now rather than at its own next check."""
    about = tools.transactions.find(transaction.order.about) if transaction.order and transaction.order.about else None
    if about:
        follow_again(about, tools)


def _imported(transaction: Transaction, tools: Settling) -> Transaction:
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


def _link(transaction: Transaction, account_id: str, broker: str | None, tools: Settling) -> None:
    """Raises: LINK_REFUSALS."""
    if not transaction.is_about(account_id):
        raise AccountMismatch
    tools.accounts.link(account_id, broker, transaction, tools.now)
