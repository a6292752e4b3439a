"""Pull an account's holdings from Gateway and make them its newest snapshot, if they prove complete."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway_backend.domain.connections.connection import Account, has_lapsed
from gateway_backend.domain.holdings.snapshot import (
    PROVEN,
    UPDATING,
    Complete,
    Incomplete,
    Outcome,
    ProvenEmpty,
    agrees,
    judge,
    needs_confirmation,
)
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared.errors import DomainError, GatewayForbidden, GatewayKeysRefused, GatewayRefused
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.connections.connections import Accounts, Overtaken

POLL_SECONDS = 2.0
"""Between two looks at a snapshot that is being updated."""


def import_holdings(
    account: Account,
    *,
    now: datetime,
    accounts: Accounts,
    gateway: Gateway,
    confirm_share: Decimal,
    polls: int = 1,
    calendar: MarketCalendar | None = None,
    flags_403: bool = True,
    wait: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Promise 1: an answer that is incomplete, or much smaller and not confirmed, leaves the last good snapshot.

    An answer that is still `updating` is looked at `polls` times. With a `calendar` the answer also tells whether the
    session is over; without, the user has just logged in. `flags_403=False` leaves it to the caller what a 403 means.
    Never `Failed`: what the pull raises is raised, with the attempt noted on the account; GatewayKeysRefused instead of
    GatewayForbidden when it is our keys that are refused; NotFound when the account was unlinked meanwhile.
    """
    try:
        outcome = _pull(account, now, accounts, gateway, confirm_share, polls, wait)
    except DomainError as error:
        told = diagnose_forbidden(error, account, now, gateway)
        # 403 for this account alone: the user has revoked consent, or the session is over (contract 12, question 20).
        accounts.record_failure(account, told.code, now, needs_login=flags_403 and isinstance(told, GatewayForbidden))
        raise told from None
    if isinstance(outcome, PROVEN):
        newest = max(account.as_of, outcome.snapshot.as_of) if account.as_of else outcome.snapshot.as_of
        lapsed = calendar is not None and has_lapsed(replace(account, as_of=newest), now, calendar)
        try:
            if not accounts.record(account, outcome.snapshot, now, lapsed=lapsed):
                accounts.record_unmoved(account, now, lapsed=lapsed)
        except Overtaken:
            return Incomplete("OVERTAKEN")
    elif isinstance(outcome, Incomplete):
        accounts.record_failure(account, outcome.reason, now)
    return outcome


def _pull(
    account: Account,
    now: datetime,
    accounts: Accounts,
    gateway: Gateway,
    confirm_share: Decimal,
    polls: int,
    wait: Callable[[float], None],
) -> Outcome:
    def once() -> Complete | Incomplete:
        data = gateway.holdings(account.id, now, mutual_funds=account.mutual_funds)
        return judge(data, account.id, now, funds_expected=account.funds > 0, known=account.content_hash)

    first = once()
    for _ in range(polls - 1):
        if first != Incomplete(UPDATING):
            break
        wait(POLL_SECONDS)
        first = once()
    if isinstance(first, Incomplete):
        return first
    snapshot = first.snapshot
    if snapshot.content_hash == account.content_hash:
        return first if account.size else ProvenEmpty(snapshot)
    is_empty = snapshot.portfolio.size == 0
    proven = ProvenEmpty(snapshot) if is_empty else first
    if is_empty and account.as_of and snapshot.as_of <= account.as_of:
        return Incomplete("EMPTY_NOT_NEWER")
    if not needs_confirmation(snapshot, _last(account, accounts), confirm_share):
        return proven
    second = once()
    if isinstance(second, Incomplete) or not agrees(snapshot, second):
        return Incomplete("SHRINKING_NOT_CONFIRMED")
    return ProvenEmpty(second.snapshot) if is_empty else second


def _last(account: Account, accounts: Accounts) -> dict[str, Any] | None:
    text = accounts.portfolio_of(account)
    return json.loads(text) if text else None  # only what is held is compared, no number


def diagnose_forbidden(error: DomainError, account: Account, now: datetime, gateway: Gateway) -> DomainError:
    """Is it the account that Gateway forbids, or our keys? Its answer about a transaction of ours tells.

    Without this question a wrong API secret would flag every user of the app.
    """
    if not isinstance(error, GatewayForbidden):
        return error
    try:
        gateway.transaction(account.transaction_id, now)
    except GatewayForbidden:
        return GatewayKeysRefused()
    except GatewayRefused:
        return error  # a transaction it has forgotten: the keys are right
    except DomainError as unavailable:
        return unavailable
    return error
