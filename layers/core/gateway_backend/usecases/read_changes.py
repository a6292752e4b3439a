"""Say what changed in the user's holdings since a moment: in each account, and in all of them together."""

from datetime import datetime
from typing import Any

from gateway_backend.domain import exact_json, times
from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import NotFound
from gateway_backend.domain.holding_changes import compare
from gateway_backend.domain.holdings import AccountPortfolio, parse_portfolio
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.store.accounts import Accounts

type _History = tuple[Account, str | None, tuple[str, str] | None]
"""The account, its newest portfolio, and the date and portfolio that it is compared with."""


def read_changes(
    since: datetime, *, user: str, now: datetime, accounts: Accounts, calendar: MarketCalendar
) -> dict[str, Any]:
    """Each account's newest snapshot against the one that was valid at `since`, and all of them consolidated.

    What an account held before its first snapshot is unknown, not nothing: it is compared with that first one, whose
    date is in `from`.
    """
    answers: list[dict[str, Any]] = []
    all_before: list[AccountPortfolio] = []
    all_after: list[AccountPortfolio] = []
    for account, newest, history in _load(user, since, accounts):
        from_date, earlier = history or (None, None)
        before, after = _portfolios(account, earlier), _portfolios(account, newest)
        all_before += before
        all_after += after
        answers.append(
            {
                "smallcaseAuthId": account.id,
                "broker": account.broker,
                "from": from_date,
                "to": account.snapshot_date,
                "freshness": account.verdict(now, calendar).to_dict(),
                "changes": compare(before, after),
            }
        )
    return {"since": times.to_text(since), "accounts": answers, "changes": compare(all_before, all_after)}


def _load(user: str, since: datetime, accounts: Accounts) -> list[_History]:
    loaded = []
    for account_id in accounts.ids_of(user):
        try:
            loaded.append(accounts.owned_with_history(account_id, user, since))
        except NotFound:
            continue  # unlinked while we read: the others are still the user's
    return loaded


def _portfolios(account: Account, text: str | None) -> list[AccountPortfolio]:
    """One, or none before the first import."""
    if text is None:
        return []
    return [AccountPortfolio(account.id, account.broker, parse_portfolio(exact_json.loads(text)))]
