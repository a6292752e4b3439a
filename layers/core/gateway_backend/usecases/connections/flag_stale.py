"""Tell the app, once per lapse, that a snapshot has gone stale and only its user can renew it."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.store.connections.connections import Connections

SECONDS = 200.0
AT_ONCE = 500


def flag_stale_sessions(
    *, clock: Callable[[], datetime], connections: Connections, calendar: MarketCalendar, threads: int
) -> dict[str, int]:
    """Look at every account that may have gone stale with the last close; those left over wait for the next run."""
    deadline, flagged, watched = Deadline(SECONDS), 0, connections.watched(calendar.last_close(clock()))

    def check(account_id: str) -> bool:
        connection = connections.find(account_id)
        return connection is not None and flag_if_stale(connection, clock(), connections, calendar)

    while not deadline.has_passed and (ids := list(islice(watched, AT_ONCE))):
        flagged += sum(filter(None, map_concurrently(check, ids, threads=threads)))
    return {"flaggedStale": flagged}


def flag_if_stale(connection: Connection, now: datetime, connections: Connections, calendar: MarketCalendar) -> bool:
    """True when this call has flagged it; what another worker has just changed is left for the next run."""
    flagged = connection.flag_if_stale(now, calendar)
    if flagged == connection:
        return False
    try:
        connections.save(connection, flagged)
    except ConcurrentUpdate:
        return False
    return True
