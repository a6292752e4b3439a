"""No secret, token or portfolio reaches a log: plant canaries everywhere, then read every log."""

import json
import uuid
from typing import Any

import httpx

from testing.actors import AppUser, Sandbox, eventually
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws


def test_canaries_stay_out_of_every_log(
    user: AppUser, faults: Sandbox, broker_account: str, aws: Aws, outputs: dict[str, Any]
) -> None:
    canary = f"CANARY{uuid.uuid4().hex}"
    text = portfolio(holding(1).replace('"name":"', f'"name":"{canary}'), holding(2, 424242, "987654.321"))
    account_id = faults.put_account("groww", broker_account, text)
    begun = user.create({"intent": "HOLDINGS_IMPORT", "notes": canary}).json()
    transaction_id = begun["transactionId"]
    result = faults.act(transaction_id, "complete", broker="groww", account=broker_account)
    user.send_result(transaction_id, result)
    user.get("/v1/holdings")
    user.get("/v1/holdings.csv")
    user.holdings_of(account_id)
    user.create({"intent": canary})
    user.send_result(transaction_id, {"resolved": {"smallcaseAuthToken": f"ey{canary}.x.y", "broker": canary}})
    httpx.post(f"{outputs['apiUrl']}/webhooks/smallcase", content=json.dumps({"x": canary}), timeout=60)
    faults.fault("holdings", "schema_drift", times=3)
    user.get(f"/v1/transactions/{user.begin()}")

    def applied() -> None:
        assert [d["status"] for d in faults.deliveries(transaction_id)] == [200]

    eventually(applied)
    logs = eventually(lambda: _with_requests(aws))
    token = result["resolved"]["smallcaseAuthToken"]
    secrets = ("sandbox-secret-not-a-real-one", "sandbox-api-secret", begun["smallcaseAuthToken"], token)
    for planted in (canary, "424242", "987654.321", *secrets, user.http.headers["authorization"]):
        assert planted not in logs


def _with_requests(aws: Aws) -> str:
    logs = aws.log_text()
    assert '"route"' in logs
    assert "POST /webhooks/smallcase" in logs
    return logs


def test_a_request_logs_little(user: AppUser, aws: Aws) -> None:
    """At most 600 bytes: a log is paid by its size."""
    correlation_id = user.get("/v1/connections").headers["x-correlation-id"]

    def logged() -> list[str]:
        lines = [line for line in aws.log_text().splitlines() if correlation_id in line]
        assert lines
        return lines

    assert sum(len(line.encode()) for line in eventually(logged)) <= 600
