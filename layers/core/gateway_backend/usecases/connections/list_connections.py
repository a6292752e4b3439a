"""List a user's connections, each with how fresh it is and when it is refreshed next."""

from datetime import datetime

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import Verdict
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.refresh.schedule import RefreshTimes
from gateway_backend.store.connections.connections import Connections

type Health = tuple[Connection, Verdict, datetime | None]


def list_connections(
    *, user: str, now: datetime, connections: Connections, calendar: MarketCalendar, times: RefreshTimes
) -> list[Health]:
    """The longest linked first."""
    return [
        (connection, connection.verdict(now, calendar), times.next_due(connection, now, calendar))
        for connection in connections.all_of(user)
    ]
