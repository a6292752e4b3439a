"""GET /v1/holdings: all accounts, consolidated by ISIN."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.domain.shared import exact_json
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.holdings.read import read_holdings

connections, snapshots = stores.connections(), stores.snapshots()
mutual_funds, calendar = stores.mutual_funds(), services.current_calendar()


@endpoint()
def handler(request: Request) -> Response:
    holdings = read_holdings(
        user=request.user,
        now=clock.now(),
        connections=connections,
        snapshots=snapshots,
        mutual_funds=mutual_funds,
        calendar=calendar.read(),
    )
    return Response(body=exact_json.dumps(holdings))
