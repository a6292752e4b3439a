"""What changed in the user's holdings since a moment: in each account, and in all of them together."""

from datetime import datetime
from typing import Any

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.changes import compare
from gateway_backend.domain.holdings.known_prices import StoredPortfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.holdings.snapshots import Snapshots

type _History = tuple[Connection, StoredPortfolio | None, tuple[str, StoredPortfolio] | None]
"""The connection, its newest portfolio, and the date and portfolio that it is compared with."""


def read_changes(
    since: datetime,
    *,
    user: str,
    now: datetime,
    connections: Connections,
    snapshots: Snapshots,
    calendar: MarketCalendar,
) -> dict[str, Any]:
    """Each account's newest snapshot against the one that was valid at `since`, and all of them consolidated.

    What an account held before its first snapshot is unknown, not nothing: it is compared with that first one, whose
    date is in `from`.
    """
    answers: list[dict[str, Any]] = []
    all_before: list[AccountPortfolio] = []
    all_after: list[AccountPortfolio] = []
    for connection, newest, history in _load(user, since, connections, snapshots):
        from_date, earlier = history or (None, None)
        before, after = _portfolios(connection, earlier), _portfolios(connection, newest)
        all_before += before
        all_after += after
        answers.append(
            {
                "smallcaseAuthId": connection.id,
                "broker": connection.broker,
                "from": from_date,
                "to": connection.snapshot.snapshot_date if connection.snapshot else None,
                "freshness": connection.verdict(now, calendar).to_dict(),
                "changes": compare(before, after),
            }
        )
    return {"since": times.to_text(since), "accounts": answers, "changes": compare(all_before, all_after)}


def _load(user: str, since: datetime, connections: Connections, snapshots: Snapshots) -> list[_History]:
    loaded = []
    for account_id in connections.ids_of(user):
        try:
            loaded.append(snapshots.owned_with_history(account_id, user, since))
        except NotFound:
            continue  # unlinked while we read: the others are still the user's
    return loaded


def _portfolios(connection: Connection, stored: StoredPortfolio | None) -> list[AccountPortfolio]:
    """One, or none before the first import."""
    return [AccountPortfolio(connection.id, connection.broker, stored.parse())] if stored else []
