"""Create a transaction at Gateway and bind it to the user before its id is given to anybody (contract 2.1)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from gateway_backend.contracts.start import HoldingsImportRequest, Start
from gateway_backend.domain.brokers import BROKERS, Broker, can
from gateway_backend.domain.errors import (
    BrokerCannot,
    DomainError,
    GatewayUnavailable,
    NotFound,
    OutcomeUnknown,
)
from gateway_backend.domain.intents import MOVES_MONEY, Intent
from gateway_backend.domain.transactions import Transaction
from gateway_backend.gateway import tokens
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.idempotency import Claim, IdempotencyKeys, fingerprint
from gateway_backend.store.table import Table
from gateway_backend.store.transactions import Transactions

if TYPE_CHECKING:
    from gateway_backend.domain.order_requests import OrderRules, SellWarning

_NEEDED = {Intent.HOLDINGS_IMPORT: "holdingsImport", Intent.FETCH_FUNDS: "fetchFunds"}
"""What the account's broker must be able to do for it; of orders, `check_order_request` says."""


@dataclass(frozen=True, slots=True)
class Starting:
    """What a transaction is started with.

    `rules` is what the contract leaves open about orders, `brokers` what each broker can do.
    """

    now: datetime
    keys: IdempotencyKeys
    transactions: Transactions
    accounts: Accounts
    table: Table
    gateway: Gateway
    rules: "OrderRules"
    brokers: Mapping[str, Broker] = field(default_factory=lambda: BROKERS)


@dataclass(frozen=True, slots=True)
class Started:
    """`token` initialises the SDK for this transaction; `replayed`: an earlier request with the same key made it."""

    transaction: Transaction
    token: str
    replayed: bool
    warnings: "list[SellWarning]" = field(default_factory=list)


def start_transaction(request: Start, *, user: str, idempotency_key: str, attempt: str, tools: Starting) -> Started:
    """A create is sent to Gateway once.

    When its outcome is unknown the caller hears so. An import may be repeated with the same key: an id that was lost on
    the way was never shown to anybody, and lapses. Where money moves the key stays taken.

    Raises: IdempotencyKeyReused, RequestInProgress, OutcomeUnknown, NotFound (somebody else's account or order),
    BrokerCannot, OrderIsFinal, RequestInvalid, and what Gateway raises.
    """
    secret, moves_money = tools.gateway.keys.secret, Intent(request.intent) in MOVES_MONEY
    content = fingerprint(request.model_dump_json(), secret)
    claim = tools.keys.claim(
        idempotency_key, owner=user, content=content, attempt=attempt, now=tools.now, once=moves_money
    )
    if claim.created:
        transaction = _earlier(claim.created, user, tools.transactions)
        token = _token(transaction.requested_account_id, tools)
        return Started(transaction, token, True, _warnings(transaction, tools))
    try:
        transaction, token = _checked(request, user, tools)
        transaction = _created(transaction, request, token, tools)
    except GatewayUnavailable as unanswered:
        raise _given_up(claim, moves_money, tools) or unanswered from None
    except DomainError:
        tools.keys.release(claim)
        raise
    tools.transactions.add(transaction, tools.keys.fulfilled(claim, transaction.id))
    return Started(transaction, token, False, _warnings(transaction, tools))


def _given_up(claim: Claim, moves_money: bool, tools: Starting) -> OutcomeUnknown | None:
    if not moves_money:
        tools.keys.release(claim)
        return None
    tools.keys.leave_open(claim)
    return OutcomeUnknown()


def _checked(request: Start, user: str, tools: Starting) -> tuple[Transaction, str]:
    """The transaction as it will be, but for what Gateway says of it, and the token to create it with."""
    account_id, order = request.account_id, request.order
    needed = _NEEDED.get(Intent(request.intent))
    if order:
        from gateway_backend.usecases.check_order_request import needed_capability, order_to_cancel

        if order.batch_id:
            order, account_id = order_to_cancel(order, account_id, user, tools.table)
        tools.rules.check(order)
        needed = needed or needed_capability(order)
    if account_id and not (order and order.about):  # what the user has placed, the user may cancel
        _check_broker(tools.accounts.owned(account_id, user).broker, needed, tools)
    imports = request if isinstance(request, HoldingsImportRequest) else None
    transaction = Transaction(
        id="",
        owner=user,
        intent=Intent(request.intent),
        created_at=tools.now,
        expire_at=tools.now,
        # Gateway and the SDK echo the notes: what they carry is an opaque id, the app's own note stays with us.
        correlation_id=uuid.uuid4().hex,
        version=imports.version if imports else "",
        mutual_funds=imports is not None and bool(imports.asset_config.mf_holdings),
        requested_account_id=account_id,
        note=request.notes,
        order=order,
    )
    return transaction, _token(account_id, tools)


def _created(transaction: Transaction, request: Start, token: str, tools: Starting) -> Transaction:
    body = request.to_gateway(tools.rules) | {"notes": transaction.correlation_id}
    created = tools.gateway.create_transaction(body, token)
    return replace(transaction, id=created.transaction_id, expire_at=created.expire_at)


def _check_broker(broker: str, needed: str | None, tools: Starting) -> None:
    if needed and can(broker, needed, tools.brokers) is False:
        raise BrokerCannot(f"{broker} has no {needed} (see brokers in POST /v1/session): choose another account")


def _warnings(transaction: Transaction, tools: Starting) -> "list[SellWarning]":
    if transaction.order is None:
        return []
    from gateway_backend.usecases.check_order_request import sell_warnings

    return sell_warnings(transaction, tools.accounts)


def _token(account_id: str | None, tools: Starting) -> str:
    secret = tools.gateway.keys.secret
    if account_id is None:
        return tokens.guest_token(secret, tools.now)
    return tokens.connected_token(account_id, secret, tools.now)


def _earlier(transaction_id: str, user: str, transactions: Transactions) -> Transaction:
    transaction = transactions.find(transaction_id)
    if transaction is None or transaction.owner != user:
        raise NotFound("The transaction that this Idempotency-Key created is no longer kept: use a new key")
    return transaction
