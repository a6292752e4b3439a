"""GET /v1/connections: every linked broker account with its health."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.connections.views import ConnectionsView, ConnectionView
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.list_connections import list_connections

connections, calendar, times = stores.connections(), services.current_calendar(), services.refresh_times()


@endpoint()
def handler(request: Request) -> Response:
    listed = list_connections(
        user=request.user, now=clock.now(), connections=connections, calendar=calendar.read(), times=times
    )
    return Response.of(ConnectionsView(connections=[ConnectionView.of(*health) for health in listed]))
