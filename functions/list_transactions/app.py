"""GET /v1/transactions: the user's transactions, newest first."""

from gateway_backend.bootstrap import services, stores
from gateway_backend.contracts.transactions.views import TransactionsView, TransactionView
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.transactions.list_transactions import list_transactions

transactions = stores.transactions()


@endpoint(query=("limit", "cursor"))
def handler(request: Request) -> Response:
    scope, cursors = f"transactions of {request.user}", services.cursors()
    after = cursors.unseal(request.query.get("cursor"), scope)
    limit = request.whole_number("limit", default=20, most=100)
    page, following = list_transactions(user=request.user, after=after, limit=limit, transactions=transactions)
    views = [TransactionView.of(transaction) for transaction in page]
    return Response.exact(TransactionsView(transactions=views, next_cursor=cursors.seal(following, scope)))
