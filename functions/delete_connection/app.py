"""DELETE /v1/connections/{id}: unlink the account and erase what we hold of it."""

from gateway_backend import bootstrap
from gateway_backend.runtime import clock
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.connections.unlink import unlink_account

connections, snapshots, receipts = bootstrap.connections(), bootstrap.snapshots(), bootstrap.receipts()
batches, transactions = bootstrap.batches(), bootstrap.transactions()


@endpoint
def handler(request: Request) -> Response:
    unlink_account(
        request.identifier(),
        user=request.user,
        now=clock.now(),
        connections=connections,
        snapshots=snapshots,
        receipts=receipts,
        batches=batches,
        transactions=transactions,
    )
    return Response(204)
