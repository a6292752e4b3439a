"""On a schedule: tell the app which snapshots have gone stale and need their user."""

from gateway_backend.bootstrap import contexts, services, stores
from gateway_backend.runtime import clock
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.usecases.connections.flag_stale import flag_stale_sessions

connections, calendar = stores.connections(), services.current_calendar()


@scheduled
def handler() -> dict[str, int]:
    return flag_stale_sessions(
        clock=clock.now, connections=connections, calendar=calendar.read(), threads=contexts.THREADS
    )
