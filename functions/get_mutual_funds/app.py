"""GET /v1/transactions/{id}/mutual-funds: the statement that a mutual fund import brought, as Gateway sent it."""

from gateway_backend.bootstrap import stores
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.holdings.read_mutual_funds import read_mutual_funds

transactions, mutual_funds = stores.transactions(), stores.mutual_funds()


@endpoint()
def handler(request: Request) -> Response:
    text = read_mutual_funds(
        request.identifier(), user=request.user, transactions=transactions, mutual_funds=mutual_funds
    )
    return Response(body=text)
