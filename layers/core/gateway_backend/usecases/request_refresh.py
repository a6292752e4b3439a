"""The user asks for newer holdings: fetch them where the session lives long, else make the login ready."""

from datetime import timedelta
from decimal import Decimal

from gateway_backend.contracts.transaction_request import AssetConfig, HoldingsImportRequest
from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import GatewayAnswerNotWhole, GatewayForbidden, GatewayUnavailable
from gateway_backend.domain.freshness import SessionState
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.domain.refreshes import Refresh, Refreshed, RefreshTimes, is_refreshable
from gateway_backend.domain.snapshots import UPDATING, Failed, Incomplete, Outcome
from gateway_backend.usecases.refresh_account import refresh_account
from gateway_backend.usecases.start_transaction import StartContext, start_transaction

LEASE = timedelta(seconds=30)
"""As long as the request may last."""


def request_refresh(
    account_id: str,
    *,
    user: str,
    idempotency_key: str,
    attempt: str,
    floor: timedelta,
    context: StartContext,
    calendar: MarketCalendar,
    refresh_times: RefreshTimes,
    confirm_share: Decimal,
) -> Refreshed:
    """A session that is known to be over is not asked again: a repeat finds the import that is ready already.

    Raises: NotFound, RefreshTooSoon; GatewayUnavailable and GatewayAnswerNotWhole, and the last good holdings are still
    there; what starting a transaction raises.
    """
    now, accounts = context.now, context.accounts
    account = accounts.owned(account_id, user)
    refresh, started = Refresh.LOGIN_NEEDED, None
    if is_refreshable(account) and account.as_of is not None and account.state is SessionState.ACTIVE:
        accounts.lease(account, now, floor=floor, lasting=LEASE)
        account = accounts.owned(account_id, user)
        outcome = refresh_account(
            account, now=now, accounts=accounts, gateway=context.gateway, calendar=calendar, confirm_share=confirm_share
        )
        before, account = account, accounts.owned(account_id, user)
        refresh = _told(outcome, before, account)
    if refresh is Refresh.LOGIN_NEEDED:
        started = start_transaction(
            _import_of(account), user=user, idempotency_key=idempotency_key, attempt=attempt, context=context
        )
    return Refreshed(
        refresh,
        account,
        account.verdict(now, calendar),
        refresh_times.next_due(account, now, calendar),
        transaction=started.transaction if started else None,
        token=started.token if started else "",
        replayed=started is not None and started.replayed,
    )


def _told(outcome: Outcome, before: Account, after: Account) -> Refresh:
    if outcome == Incomplete(UPDATING):
        return Refresh.UPDATING
    if isinstance(outcome, Incomplete):
        raise GatewayAnswerNotWhole("The last good holdings are still served: try again in a few minutes")
    if isinstance(outcome, Failed) and outcome.reason != GatewayForbidden.code:
        raise GatewayUnavailable("smallcase Gateway could not be asked: try again in a few minutes")
    if after.state is not SessionState.ACTIVE:
        return Refresh.LOGIN_NEEDED
    return Refresh.UNCHANGED if after.as_of == before.as_of else Refresh.REFRESHED


def _import_of(account: Account) -> HoldingsImportRequest:
    return HoldingsImportRequest(
        intent="HOLDINGS_IMPORT",
        smallcaseAuthId=account.id,
        assetConfig=AssetConfig(mfHoldings=account.mutual_funds),
    )
