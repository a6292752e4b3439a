"""GET /v1/connections/{id}/holdings: Gateway's own holdings, digit for digit, and how fresh they are."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.holdings.read import read_account_holdings

snapshots, calendar = stores.snapshots(), services.current_calendar()


@endpoint(query=("version",))
def handler(request: Request) -> Response:
    document = read_account_holdings(
        request.identifier(),
        request.choice("version", ("v2", "v1")),
        user=request.user,
        now=clock.now(),
        snapshots=snapshots,
        calendar=calendar.read(),
    )
    return request.unless_unchanged(document.text, document.etag)
