"""Pull an account's holdings from Gateway and make them its newest snapshot, if they prove complete."""

from datetime import datetime

from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import DomainError, GatewayForbidden
from gateway_backend.domain.snapshots import Complete, Incomplete, Outcome, agrees, judge, needs_confirmation
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts


def import_holdings(account: Account, *, now: datetime, accounts: Accounts, gateway: Gateway) -> Outcome:
    """Promise 1: an answer that is incomplete, or much smaller and not confirmed, leaves the last good snapshot.

    Raises: what the pull raises, with the attempt noted on the account; NotFound when it was unlinked meanwhile.
    """
    try:
        outcome = _pull(account, now, gateway)
    except DomainError as error:
        # 403 for this account alone: the user has revoked consent, or the session is over (contract §12, 20).
        accounts.record_failure(account, error.code, now, needs_login=isinstance(error, GatewayForbidden))
        raise
    if isinstance(outcome, Complete):
        accounts.record(account, outcome.snapshot, now)
    else:
        accounts.record_failure(account, outcome.reason, now)
    return outcome


def _pull(account: Account, now: datetime, gateway: Gateway) -> Outcome:
    def once() -> Outcome:
        data = gateway.holdings(account.id, now, mutual_funds=account.mutual_funds)
        return judge(data, account.id, now, funds_expected=account.funds > 0)

    first = once()
    if not isinstance(first, Complete) or not needs_confirmation(first.snapshot, account.size):
        return first
    return first if agrees(first.snapshot, once()) else Incomplete("SHRINKING_NOT_CONFIRMED")
