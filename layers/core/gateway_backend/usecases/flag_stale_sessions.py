"""Tell the app, once per lapse, that a snapshot has gone stale and only its user can renew it."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from gateway_backend.domain.accounts import Account
from gateway_backend.domain.freshness import State
from gateway_backend.domain.market_calendar import MarketCalendar
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.store.accounts import Accounts

THREADS, SECONDS = 10, 200.0
AT_ONCE = 500


def flag_stale_sessions(
    *, clock: Callable[[], datetime], accounts: Accounts, calendar: MarketCalendar, threads: int = THREADS
) -> dict[str, int]:
    """Look at every account that may have gone stale with the last close; those without time wait for the next run."""
    deadline, flagged, watched = Deadline(SECONDS), 0, accounts.watched(calendar.last_close(clock()))

    def look(account_id: str) -> bool:
        account = accounts.find(account_id)
        return account is not None and flag_if_stale(account, now=clock(), accounts=accounts, calendar=calendar)

    while not deadline.has_passed and (ids := list(islice(watched, AT_ONCE))):
        flagged += sum(filter(None, map_concurrently(look, ids, threads=threads)))
    return {"flaggedStale": flagged}


def flag_if_stale(account: Account, *, now: datetime, accounts: Accounts, calendar: MarketCalendar) -> bool:
    """True when this call has flagged it."""
    if account.stale_since or account.as_of is None or account.verdict(now, calendar).state is not State.STALE:
        return False
    return accounts.flag_stale(account, now)
