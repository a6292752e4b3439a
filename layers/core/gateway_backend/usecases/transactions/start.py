"""Create a transaction at Gateway and bind it to the user before its id is given to anybody (contract 2.1)."""

import uuid
from copy import replace
from typing import TYPE_CHECKING, NamedTuple

from gateway_backend.contracts.transactions.request import HoldingsImportRequest, TransactionRequest
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.market.brokers import has_capability
from gateway_backend.domain.shared.errors import (
    BrokerCannot,
    DomainError,
    GatewayUnavailable,
    NotFound,
    OutcomeUnknown,
)
from gateway_backend.domain.transactions.intents import MOVES_MONEY, Intent
from gateway_backend.domain.transactions.transaction import Transaction, begin, expiry_of
from gateway_backend.gateway import tokens
from gateway_backend.store.connections.connections import check_owner
from gateway_backend.store.transactions.idempotency import Claim, fingerprint
from gateway_backend.store.transactions.transactions import Transactions
from gateway_backend.usecases.contexts import StartContext

if TYPE_CHECKING:
    from gateway_backend.domain.orders.request import SellWarning

_NEEDED = {Intent.HOLDINGS_IMPORT: "holdingsImport", Intent.FETCH_FUNDS: "fetchFunds"}
"""Intent -> the capability that the account's broker needs. Orders have theirs in `orders.validate`."""


class Started(NamedTuple):
    """`token` initialises the SDK for this transaction; `replayed`: an earlier request with the same key made it."""

    transaction: Transaction
    token: str
    replayed: bool
    warnings: "list[SellWarning]"


def start_transaction(
    request: TransactionRequest, *, user: str, idempotency_key: str, attempt: str, context: StartContext
) -> Started:
    """A create is sent to Gateway once.

    When its outcome is unknown the caller gets that answer. An import may be repeated with the same key: nobody has the
    id that was lost on the way, and it expires. Where money moves the key stays taken.

    Raises: IdempotencyKeyReused, RequestInProgress, OutcomeUnknown, NotFound (somebody else's account or order),
    BrokerCannot, OrderIsFinal, RequestInvalid, and what Gateway raises.
    """
    secret, moves_money = context.gateway.keys.secret, Intent(request.intent) in MOVES_MONEY
    content = fingerprint(request.model_dump_json(), secret)
    claim = context.keys.claim(
        idempotency_key, owner=user, content=content, attempt=attempt, now=context.now, once=moves_money
    )
    if claim.created:
        transaction = _find_earlier(claim.created, user, context.transactions)
        connection = _find_connection(transaction.requested_account_id, context)
        return Started(transaction, _token(transaction, connection, context), True, _warnings(transaction, context))
    try:
        transaction, token = _prepare(request, user, context)
        transaction = _create_at_gateway(transaction, request, token, context)
    except GatewayUnavailable as unanswered:
        raise _give_up(claim, moves_money, context) or unanswered from None
    except DomainError:
        context.keys.release(claim)
        raise
    fulfilled = context.keys.fulfilled(claim, transaction.id)
    context.transactions.add(transaction, fulfilled, idempotency_key=claim.key)
    return Started(transaction, token, False, _warnings(transaction, context))


def _give_up(claim: Claim, moves_money: bool, context: StartContext) -> OutcomeUnknown | None:
    """Free the key of a create whose outcome is unknown; where money moves, keep it taken."""
    if not moves_money:
        context.keys.release(claim)
        return None
    context.keys.leave_open(claim)
    return OutcomeUnknown()


def _prepare(request: TransactionRequest, user: str, context: StartContext) -> tuple[Transaction, str]:
    """The transaction, without the id and the expiry that Gateway gives it, and the token to create it with."""
    account_id, order = request.account_id, request.order
    needed = _NEEDED.get(Intent(request.intent))
    if order:
        from gateway_backend.usecases.orders.validate import needed_capability, order_to_cancel

        if order.batch_id:
            order, account_id = order_to_cancel(order, account_id, user=user, batches=context.batches())
        context.rules.check(order)
        needed = needed or needed_capability(order)
    connection = _find_connection(account_id, context)
    if account_id and not (order and order.about):
        _check_broker(check_owner(connection, user).broker, needed, context)
    imports = request if isinstance(request, HoldingsImportRequest) else None
    transaction = Transaction(
        id="",
        owner=user,
        intent=Intent(request.intent),
        created_at=context.erasures.after_newest(user, context.now),
        expire_at=context.now,
        # Gateway and the SDK echo the notes: what they carry is an opaque id, the app's own note stays with us.
        correlation_id=uuid.uuid4().hex,
        version=imports.version if imports else "",
        mutual_funds=imports is not None and bool(imports.asset_config.mf_holdings),
        requested_account_id=account_id,
        note=request.notes,
        order=order,
    )
    return transaction, _token(transaction, connection, context)


def _create_at_gateway(
    transaction: Transaction, request: TransactionRequest, token: str, context: StartContext
) -> Transaction:
    body = request.to_gateway(context.rules) | {"notes": transaction.correlation_id}
    created = context.gateway.create_transaction(body, token)
    expire_at = expiry_of(created.expire_at, context.now)
    return begin(replace(transaction, id=created.transaction_id, expire_at=expire_at))


def _check_broker(broker: str, needed: str | None, context: StartContext) -> None:
    if needed and has_capability(broker, needed, context.brokers) is False:
        raise BrokerCannot(f"{broker} has no {needed} (see brokers in POST /v1/session): choose another account")


def _warnings(transaction: Transaction, context: StartContext) -> "list[SellWarning]":
    if transaction.order is None:
        return []
    from gateway_backend.usecases.orders.validate import sell_warnings

    return sell_warnings(transaction, context.connections, context.snapshots)


def _find_connection(account_id: str | None, context: StartContext) -> Connection | None:
    return context.connections.find(account_id) if account_id else None


def _token(transaction: Transaction, connection: Connection | None, context: StartContext) -> str:
    """A connected token only for an account that is the user's now, also when the request is a repeat.

    What a user has placed, the user may cancel, by logging in at the broker as a guest. Raises: NotFound.
    """
    secret, account_id = context.gateway.keys.secret, transaction.requested_account_id
    if account_id is None:
        return tokens.guest_token(secret, context.now)
    if connection and connection.owner == transaction.owner:
        return tokens.connected_token(account_id, secret, context.now)
    if transaction.order and transaction.order.about:
        return tokens.guest_token(secret, context.now)
    raise NotFound("The account is no longer linked to this user")


def _find_earlier(transaction_id: str, user: str, transactions: Transactions) -> Transaction:
    transaction = transactions.find(transaction_id)
    if transaction is None or transaction.owner != user:
        raise NotFound("The transaction that this Idempotency-Key created is no longer kept: use a new key")
    return transaction
