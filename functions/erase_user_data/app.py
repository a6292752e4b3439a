"""DELETE /v1/me: unlink every account of the user and erase everything that is stored of them."""

from gateway_backend.bootstrap import contexts
from gateway_backend.contracts.erasure.views import ErasureView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.erasure.erase_user import erase_user

context = contexts.erase_context()


@endpoint()
def handler(request: Request) -> Response:
    return Response.of(ErasureView.of(erase_user(request.user, context)), status=202)
