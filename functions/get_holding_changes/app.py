"""GET /v1/holdings/changes: what was added, removed or changed since a date."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.holdings.read_changes import read_changes

connections, snapshots, calendar = stores.connections(), stores.snapshots(), services.current_calendar()


@endpoint(query=("since",))
def handler(request: Request) -> Response:
    now = clock.now()
    since = times.parse_since(request.query.get("since"), now)
    changes = read_changes(
        since, user=request.user, now=now, connections=connections, snapshots=snapshots, calendar=calendar.read()
    )
    return Response(body=exact_json.dumps(changes))
