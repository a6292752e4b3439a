"""GET /v1/me: what is stored of the user, what they have consented to, and what they have had erased."""

from gateway_backend.bootstrap import contexts
from gateway_backend.contracts.erasure.views import UserDataView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.erasure.read_user_data import read_user_data

context = contexts.user_data_context()


@endpoint()
def handler(request: Request) -> Response:
    return Response.of(UserDataView.of(read_user_data(request.user, context)))
