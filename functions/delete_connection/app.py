"""DELETE /v1/connections/{id}: unlink the account and erase what we hold of it."""

from gateway_backend.bootstrap import contexts
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.unlink import unlink_account

context = contexts.erase_context()


@endpoint()
def handler(request: Request) -> Response:
    unlink_account(request.identifier(), user=request.user, context=context)
    return Response(204)
