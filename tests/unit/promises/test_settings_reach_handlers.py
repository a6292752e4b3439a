"""What an operator sets holds on every route, for each handler is given all that it works with."""

import pytest

from testing.backend import Backend
from testing.gateway import BrokerAccount


@pytest.mark.parametrize(
    ("capabilities", "status"), [("kotak+holdingsImport", 201), ("", 422), ("groww-holdingsImport", 422)]
)
@pytest.mark.parametrize("function", ["create_transaction", "request_refresh"])
def test_a_broker_that_the_operator_has_enabled_can_import_by_either_route(
    monkeypatch: pytest.MonkeyPatch, function: str, capabilities: str, status: int
) -> None:
    """smallcase's list has no import from Kotak; the operator knows better (or, of Groww, worse)."""
    backend = Backend(monkeypatch)
    broker = "groww" if "groww" in capabilities else "kotak"
    backend.gateway.accounts["account-1"] = BrokerAccount(broker, {1: 10})
    first = backend.request("create_transaction", {"intent": "CONNECT"}).json["transactionId"]
    report = {"status": "COMPLETED", "smallcaseAuthId": "account-1", "broker": broker}
    backend.gateway.transactions[first] = report
    assert backend.request("get_transaction", path_id=first).json["status"] == "COMPLETED"

    backend.set("BROKER_CAPABILITIES", capabilities)
    body = {"intent": "HOLDINGS_IMPORT", "smallcaseAuthId": "account-1"}
    answer = backend.request(function, body, path_id="account-1" if function == "request_refresh" else "")
    assert answer.status == status, answer.body
