"""GET /v1/holdings.csv: holdings for a spreadsheet or a portfolio tracker."""

from gateway_backend.bootstrap import stores
from gateway_backend.runtime.http import Request, Response, endpoint
from gateway_backend.usecases.holdings.read import export_holdings

connections, snapshots, mutual_funds = stores.connections(), stores.snapshots(), stores.mutual_funds()


@endpoint()
def handler(request: Request) -> Response:
    text = export_holdings(user=request.user, connections=connections, snapshots=snapshots, mutual_funds=mutual_funds)
    disposition = {"content-disposition": 'attachment; filename="holdings.csv"'}
    return Response(body=text, content_type="text/csv; charset=utf-8", headers=disposition)
