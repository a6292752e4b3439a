"""A partner that calls the sandbox Gateway and receives its webhooks, and a client of the control API."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from starlette.testclient import TestClient

from sandbox.settings import Settings
from testing.actors import eventually

SETTINGS = Settings(webhook_url="http://partner.test/webhooks/smallcase")


class Partner:
    """The backend's side: its calls of Gateway's API, and its webhook endpoint."""

    def __init__(self) -> None:
        self.client: TestClient
        self.received: list[bytes] = []
        self.answer_status = 200
        # Called between the receipt of a webhook and its answer.
        self.before_answer: Callable[[], None] = lambda: None

    def receive(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request.content)
        self.before_answer()
        return httpx.Response(self.answer_status, text="received")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw in self.received]

    def token(self, auth_id: str | None = None, secret: str = SETTINGS.secret, **claims: Any) -> str:
        payload = {"smallcaseAuthId": auth_id} if auth_id else {"guest": True}
        return jwt.encode(payload | claims, secret, algorithm="HS256")

    def headers(self, auth_id: str | None = None, **changes: str) -> dict[str, str]:
        headers = {"x-gateway-secret": SETTINGS.api_secret, "x-gateway-authtoken": self.token(auth_id)}
        return headers | {name.replace("_", "-"): value for name, value in changes.items()}

    def create(self, auth_id: str | None = None, **body: Any) -> httpx.Response:
        return self.post_transaction({"intent": "HOLDINGS_IMPORT", "version": "v2"} | body, self.headers(auth_id))

    def post_transaction(
        self, body: dict[str, Any], headers: dict[str, str], gateway: str = SETTINGS.gateway_name
    ) -> httpx.Response:
        answer: httpx.Response = self.client.post(f"/gateway/{gateway}/transaction", headers=headers, json=body)
        return answer

    def new_transaction(self, auth_id: str | None = None, **body: Any) -> str:
        answer = self.create(auth_id, **body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["transactionId"])

    def new_intent(self, intent: str, auth_id: str | None = None, **body: Any) -> str:
        """A transaction of another intent than an import; such requests have no version."""
        return self.new_transaction(auth_id, intent=intent, version=None, **body)

    def new_order(self, *securities: dict[str, Any], auth_id: str | None = None, **more: Any) -> str:
        config = {"type": "SECURITIES", "securities": securities}
        return self.new_intent("TRANSACTION", auth_id, orderConfig=config, **more)

    def new_smallcase_order(self, order_type: str, auth_id: str | None = None, **config: Any) -> str:
        return self.new_intent("TRANSACTION", auth_id, orderConfig={"type": order_type, **config})

    def fetch_details(self, transaction_id: str, auth_id: str | None = None) -> httpx.Response:
        return self._get("transactiondetails", auth_id, transactionId=transaction_id)

    def details(self, transaction_id: str, auth_id: str | None = None) -> dict[str, Any]:
        details: dict[str, Any] = _data(self.fetch_details(transaction_id, auth_id))["transactionDetails"]
        return details

    def fetch_orders(self, transaction_id: str | None, auth_id: str | None = None) -> httpx.Response:
        query = {"transactionId": transaction_id} if transaction_id else {}
        return self._get("orders/sst", auth_id, **query)

    def batch(self, transaction_id: str) -> dict[str, Any]:
        batch: dict[str, Any] = _data(self.fetch_orders(transaction_id))
        return batch

    def fetch_investment(self, auth_id: str | None, iscid: str) -> httpx.Response:
        return self._get("user/investments", auth_id, iscid=iscid)

    def investment(self, auth_id: str, iscid: str) -> dict[str, Any]:
        investment: dict[str, Any] = _data(self.fetch_investment(auth_id, iscid))["investment"]
        return investment

    def fetch_holdings(self, auth_id: str | None, **query: str) -> httpx.Response:
        return self._get("user/holdings", auth_id, **query)

    def holdings(self, auth_id: str) -> dict[str, Any]:
        holdings: dict[str, Any] = _data(self.fetch_holdings(auth_id, version="v2", mfHoldings="true"))
        return holdings

    def rows(self, auth_id: str) -> dict[str, dict[str, Any]]:
        """The securities of the holdings, by ticker."""
        return {row["nseTicker"]: row for row in self.holdings(auth_id)["securities"]}

    def _get(self, path: str, auth_id: str | None, **query: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(
            f"/v1/{SETTINGS.gateway_name}/engine/{path}", params=query, headers=self.headers(auth_id)
        )
        return answer


class Control:
    """The calls of the control API, all of which must succeed."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def put_account(self, name: str = "AB1234", broker: str = "groww", **body: Any) -> str:
        """The smallcaseAuthId of the account."""
        return str(self.call("PUT", f"accounts/{broker}/{name}", **body)["smallcaseAuthId"])

    def run_scenario(self, transaction_id: str, outcome: str = "complete", **scenario: Any) -> dict[str, Any]:
        body = {"broker": "groww", "account": "AB1234", "outcome": outcome} | scenario
        return self.call("POST", f"transactions/{transaction_id}/act", **body)

    def try_scenario(self, transaction_id: str, **scenario: Any) -> httpx.Response:
        """The answer to a scenario that may be refused."""
        answer: httpx.Response = self.client.post(f"/_sandbox/transactions/{transaction_id}/act", json=scenario)
        return answer

    def fire(self, **body: Any) -> list[dict[str, Any]]:
        deliveries: list[dict[str, Any]] = self.call("POST", "webhooks", **body)["deliveries"]
        return deliveries

    def step(self, batch_id: str, ticker: str, result: str, **more: Any) -> dict[str, Any]:
        return self.call("POST", f"orders/{batch_id}", ticker=ticker, result=result, **more)

    def held_webhooks(self) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = self.call("GET", "webhooks/held")["held"]
        return held

    def release(self, *ids: str, **options: Any) -> list[dict[str, Any]]:
        deliveries: list[dict[str, Any]] = self.call("POST", "webhooks/release", ids=ids, **options)["deliveries"]
        return deliveries

    def retry(self) -> list[dict[str, Any]]:
        deliveries: list[dict[str, Any]] = self.call("POST", "webhooks/retry")["deliveries"]
        return deliveries

    def deliveries(self) -> list[dict[str, Any]]:
        deliveries: list[dict[str, Any]] = self.call("GET", "deliveries")["deliveries"]
        return deliveries

    def wait_for_deliveries(self, count: int) -> list[dict[str, Any]]:
        def enough() -> list[dict[str, Any]]:
            deliveries = self.deliveries()
            assert len(deliveries) >= count, f"only {deliveries}"
            return deliveries

        deliveries: list[dict[str, Any]] = eventually(enough, within=5)
        return deliveries

    def advance(self, duration: str | float) -> None:
        self.call("POST", "clock", advance=duration)

    def set_clock(self, now: str) -> None:
        self.call("POST", "clock", now=now)

    def now(self) -> str:
        return str(self.call("GET", "clock")["now"])


def _data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
