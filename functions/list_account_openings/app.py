"""GET /v1/account-openings: the broker accounts that the user began to open, newest first."""

from gateway_backend.bootstrap import stores
from gateway_backend.contracts.connections.account_opening import OpeningsView, OpeningView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.list_account_openings import list_account_openings

openings = stores.account_openings()


@endpoint()
def handler(request: Request) -> Response:
    views = [OpeningView.of(opening) for opening in list_account_openings(user=request.user, openings=openings)]
    return Response.of(OpeningsView(account_openings=views))
